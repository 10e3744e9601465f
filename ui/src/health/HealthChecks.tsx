import "./styles.css";

import { Bootstrap, Icon, React, useSettingsRefresh } from "../host";
import { useWork } from "../jobs";
import { messageOf } from "../messageOf";
import { health, type Check, type CheckState, type Health } from "../operations";
import { Ended } from "../parts/Ended";
import { Progress } from "../parts/Progress";
import { useAnswer } from "../parts/useAnswer";
import { useText, type MessageId } from "../text";
import { EnrolButton } from "./Enrol";

const { Badge, Button, Spinner } = Bootstrap;

const LOOKS = {
  ok: { icon: "faCircleCheck", variant: "success", colour: "text-success" },
  warning: { icon: "faTriangleExclamation", variant: "warning", colour: "text-warning" },
  fault: { icon: "faCircleXmark", variant: "danger", colour: "text-danger" },
} as const;

const NAMES: Record<string, MessageId> = {
  stash: "compreface.health.name.stash",
  store: "compreface.health.name.store",
  models: "compreface.health.name.models",
  engine: "compreface.health.name.engine",
  compreface: "compreface.health.name.compreface",
  people: "compreface.health.name.people",
};

const DETAILS: Record<string, MessageId> = {
  address: "compreface.health.detail.address",
  folder: "compreface.health.detail.folder",
  database: "compreface.health.detail.database",
  models: "compreface.health.detail.models",
  free: "compreface.health.detail.free",
  "first look": "compreface.health.detail.first",
  "second look": "compreface.health.detail.second",
  devices: "compreface.health.detail.devices",
  model: "compreface.health.detail.model",
  "inference service": "compreface.health.detail.inference",
  "recognition key": "compreface.health.detail.recognition",
  "detection key": "compreface.health.detail.detection",
  "verification key": "compreface.health.detail.verification",
  enrolled: "compreface.health.detail.enrolled",
  "no face": "compreface.health.detail.noface",
  "several faces": "compreface.health.detail.several",
  unreadable: "compreface.health.detail.unreadable",
};

/** Checks that can be looked at closely, and how the button for it is called. */
const CLOSELY: Record<string, MessageId> = {
  engine: "compreface.health.test.engine",
  compreface: "compreface.health.test.compreface",
};

const SEVERITY: CheckState[] = ["ok", "warning", "fault"];

/** What the plugin depends on, each with its state and the next step. */
export function HealthChecks() {
  const text = useText();
  const { state, again, put } = useAnswer(React.useCallback((signal: AbortSignal) => health(null, signal), []));
  const [testing, setTesting] = React.useState("");
  const [refused, setRefused] = React.useState("");
  const test = (name: string) => {
    setTesting(name);
    setRefused("");
    health(name)
      .then(
        (answer) => put((old) => withChecks(old, answer.checks)),
        (error: unknown) => setRefused(messageOf(error)),
      )
      .finally(() => setTesting(""));
  };
  return (
    <div className="compreface compreface-health">
      <div role="status">
        {state.kind === "working" && (
          <p>
            <Spinner animation="border" size="sm" /> {text("compreface.health.loading")}
          </p>
        )}
        {state.kind === "ready" && <Summary state={state.value.state} />}
      </div>
      {state.kind === "failed" && (
        <div className="compreface-box compreface-failed card" role="alert">
          <h6>
            <Icon name="faTriangleExclamation" /> {text("compreface.health.failed")}
          </h6>
          <p>{state.message}</p>
          <p>{text("compreface.health.failed.text")}</p>
        </div>
      )}
      {state.kind === "ready" && (
        <ul className="compreface-checks">
          {state.value.checks.map((each) => (
            <OneCheck key={each.name} check={each} testing={testing} onTest={test} onAgain={again} />
          ))}
        </ul>
      )}
      {refused && (
        <p className="compreface-refused" role="alert">
          {refused}
        </p>
      )}
      <div className="compreface-actions">
        <Button size="sm" variant="secondary" disabled={state.kind === "working"} onClick={again}>
          {text("compreface.health.again")}
        </Button>
      </div>
    </div>
  );
}

function withChecks(old: Health, closer: Check[]): Health {
  const checks = old.checks.map((each) => closer.find((other) => other.name === each.name) ?? each);
  const worst = Math.max(...checks.map((each) => SEVERITY.indexOf(each.state)));
  return { state: SEVERITY[worst] ?? "fault", checks };
}

function Summary({ state }: { state: CheckState }) {
  const text = useText();
  return (
    <p className="compreface-health-summary">
      <Icon name={LOOKS[state].icon} className={LOOKS[state].colour} /> {text(`compreface.health.${state}`)}
    </p>
  );
}

interface OneCheckProps {
  check: Check;
  testing: string;
  onTest(name: string): void;
  onAgain(): void;
}

function OneCheck({ check, testing, onTest, onAgain }: OneCheckProps) {
  const text = useText();
  const look = LOOKS[check.state];
  const name = NAMES[check.name];
  const closely = CLOSELY[check.name];
  return (
    <li className="compreface-check">
      <Icon name={look.icon} className={look.colour} />
      <div>
        <strong>{name ? text(name) : check.name}</strong>{" "}
        {check.state !== "ok" && <Badge variant={look.variant}>{text(`compreface.health.state.${check.state}`)}</Badge>}
        <div className="compreface-check-message">{text.said(check.message, check.said)}</div>
        <NextStep check={check} onDone={onAgain} />
        {check.details.length > 0 && <Details check={check} />}
        {check.state === "fault" && check.lastSuccess !== null && (
          <small className="text-muted">{text("compreface.health.last", { when: text.date(check.lastSuccess) })}</small>
        )}
        {closely && (
          <div className="compreface-actions">
            <Button size="sm" variant="secondary" disabled={testing !== ""} onClick={() => onTest(check.name)}>
              {testing === check.name && <Spinner animation="border" size="sm" />} {text(closely)}
            </Button>
          </div>
        )}
      </div>
    </li>
  );
}

function Details({ check }: { check: Check }) {
  const text = useText();
  return (
    <dl className="compreface-details">
      {check.details.map((each) => {
        const known = DETAILS[each.name];
        return (
          <React.Fragment key={each.name}>
            <dt>
              {each.state !== "ok" && <Icon name={LOOKS[each.state].icon} className={LOOKS[each.state].colour} />}{" "}
              {known ? text(known) : each.name}
            </dt>
            <dd>{text.said(each.message, each.said)}</dd>
          </React.Fragment>
        );
      })}
    </dl>
  );
}

const SWITCH = "Switch Engine"; // the task's name in the manifest
const SWITCHED_BY: readonly string[] = ["engine.better", "model.changed", "model.another"];
const LEARNED_BY = "people.learn";

/** What to do about it, with a button where a task of the plugin does it. */
function NextStep({ check, onDone }: { check: Check; onDone(): void }) {
  const text = useText();
  const codes = [check.said?.code ?? "", check.nextSaid?.code ?? ""];
  const moves = codes.some((code) => SWITCHED_BY.includes(code));
  if (check.nextStep === "" && !moves) return null;
  return (
    <div className="compreface-check-next">
      {check.nextStep !== "" && (
        <>
          <Icon name="faArrowRight" /> {text("compreface.health.next")}: {text.said(check.nextStep, check.nextSaid)}{" "}
        </>
      )}
      {codes.includes(LEARNED_BY) && <EnrolButton onDone={onDone} />}
      {moves && <Move onDone={onDone} />}
    </div>
  );
}

function Move({ onDone }: { onDone(): void }) {
  const text = useText();
  const refreshSettings = useSettingsRefresh();
  const work = useWork(SWITCH, () => void refreshSettings().then(onDone));
  return (
    <>
      <Button size="sm" variant="secondary" disabled={work.active} onClick={() => work.start({ name: SWITCH })}>
        {work.active && <Spinner animation="border" size="sm" />} {text("compreface.models.switch")}
      </Button>
      {work.active && work.job !== null && <Progress work={work} words={text("compreface.models.moving")} />}
      <Ended work={work} title={text("compreface.failed.write")} />
    </>
  );
}
