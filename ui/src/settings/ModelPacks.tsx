import type { ReactNode } from "react";
import { Bootstrap, Icon, Intl, React, useSettingsRefresh } from "../host";
import { useWork } from "../jobs";
import { Ended } from "../parts/Ended";
import { Failed, Working } from "../parts/notices";
import { useAnswer } from "../parts/useAnswer";
import { useText } from "../text";
import { models, type Pack } from "./models";

const { Badge, Button, Form, ProgressBar } = Bootstrap;

const INSTALL = "installModel";
const SWITCH = "switchEngine";

/** The models there are, with their size and terms; installed and taken into use by a click. */
export function ModelPacks({ onChanged }: { onChanged: () => void }) {
  const text = useText();
  const { state, again } = useAnswer(models);
  const refreshSettings = useSettingsRefresh();
  const work = useWork("models", () => void refreshSettings().then(() => onChanged()).then(again));
  const doing = work.args.pack ?? work.args.modelPack;
  const start = (mode: string, pack: Pack, args: Record<string, unknown>) => {
    const words = mode === INSTALL ? "compreface.models.installing" : "compreface.models.switching";
    work.start({ description: `Compreface: ${text(words, { name: pack.name })}` }, { mode, ...args });
  };
  if (state.kind === "working" && !work.active) return <Working words={text("compreface.health.loading")} />;
  if (state.kind === "failed") {
    return <Failed title={text("compreface.failed.panel")} message={state.message} onRetry={again} />;
  }
  const packs = state.kind === "ready" ? state.value.packs : [];
  return (
    <>
      {!packs.some((each) => each.name === doing) && <Ended work={work} title={text("compreface.failed.write")} />}
      <ul className="compreface-packs">
        {packs.map((each) => (
          <OnePack
            key={each.name}
            pack={each}
            busy={work.active}
            progress={work.active && doing === each.name ? (work.job?.progress ?? 0) : null}
            ended={doing === each.name && <Ended work={work} title={text("compreface.failed.write")} />}
            onInstall={() => start(INSTALL, each, { pack: each.name, acceptTerms: true })}
            onUse={() => start(SWITCH, each, { engine: "local", modelPack: each.name })}
          />
        ))}
      </ul>
    </>
  );
}

interface OnePackProps {
  pack: Pack;
  busy: boolean;
  /** 0 to 1 while something is done with this pack. */
  progress: number | null;
  /** What became of that, where it went wrong. */
  ended: ReactNode;
  onInstall(): void;
  onUse(): void;
}

function OnePack({ pack, busy, progress, ended, onInstall, onUse }: OnePackProps) {
  const text = useText();
  const [asking, setAsking] = React.useState(false);
  return (
    <li className="compreface-pack">
      <div className="compreface-heading">
        <strong>{pack.name}</strong>
        {pack.inUse && <Badge variant="success">{text("compreface.models.inUse")}</Badge>}
        {pack.installed && !pack.inUse && <Badge variant="secondary">{text("compreface.models.installed")}</Badge>}
        {pack.researchOnly && <Badge variant="warning">{text("compreface.models.research")}</Badge>}
      </div>
      <div className="text-muted">
        {pack.what} · <Size bytes={pack.sizeBytes} /> · {pack.licence}
      </div>
      {!pack.runnable && (
        <div className="text-muted">{text("compreface.models.needs", { package: pack.needs })}</div>
      )}
      {progress !== null && (
        <ProgressBar now={progress * 100} label={text.percent(progress)} aria-label={pack.name} animated striped />
      )}
      {ended}
      <div className="compreface-actions">
        {!pack.installed && pack.runnable && (
          <Button
            size="sm"
            variant="secondary"
            disabled={busy}
            aria-expanded={asking}
            aria-label={`${text("compreface.models.install")}: ${pack.name}`}
            onClick={() => setAsking(!asking)}
          >
            {text("compreface.models.install")}
          </Button>
        )}
        {pack.installed && pack.runnable && !pack.inUse && (
          <Button
            size="sm"
            variant="secondary"
            disabled={busy}
            aria-label={`${text("compreface.models.use")}: ${pack.name}`}
            onClick={onUse}
          >
            {text("compreface.models.use")}
          </Button>
        )}
      </div>
      {asking && !busy && (
        <Terms
          pack={pack}
          onAccept={() => {
            setAsking(false);
            onInstall();
          }}
          onCancel={() => setAsking(false)}
        />
      )}
    </li>
  );
}

function Terms({ pack, onAccept, onCancel }: { pack: Pack; onAccept(): void; onCancel(): void }) {
  const text = useText();
  const [accepted, setAccepted] = React.useState(false);
  return (
    <Form
      className="compreface-box card"
      onSubmit={(event) => {
        event.preventDefault();
        if (accepted) onAccept();
      }}
    >
      <h6>
        <Icon name="faScaleBalanced" /> {text("compreface.models.terms", { name: pack.name })}
      </h6>
      <p>{pack.terms}.</p>
      <p className="text-muted">{pack.source}</p>
      <Form.Check
        id={`compreface-terms-${pack.name}`}
        checked={accepted}
        onChange={(event) => setAccepted(event.target.checked)}
        label={text(pack.researchOnly ? "compreface.models.accept.research" : "compreface.models.accept")}
      />
      <div className="compreface-actions">
        <Button type="submit" size="sm" variant="primary" disabled={!accepted}>
          {text("compreface.models.fetch")}
        </Button>
        <Button size="sm" variant="secondary" onClick={onCancel}>
          {text("compreface.cancel")}
        </Button>
      </div>
    </Form>
  );
}

function Size({ bytes }: { bytes: number }) {
  return (
    <Intl.FormattedNumber value={bytes / 1e6} style="unit" unit="megabyte" maximumFractionDigits={bytes < 1e7 ? 1 : 0} />
  );
}
