import { CreatePerformer, PickPerformer } from "../faces/forms";
import { Bootstrap, Icon, React, refreshHost } from "../host";
import { undoRun } from "../operations";
import { Failed, Notice, Working } from "../parts/notices";
import { usePictures } from "../parts/hooks";
import { Undo } from "../parts/Undo";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { PerformerLink } from "../parts/links";
import { useText } from "../text";
import { clusters, ignoreCluster, mergeClusters, nameCluster, type Cluster, type Near, type Some } from "./api";
import { ClusterFaces } from "./ClusterFaces";
import { useDoing } from "./hooks";
import { Pager } from "./Pager";

const { Button, Spinner } = Bootstrap;

const PAGE = 24;
const MANY = 3; // faces: below it, a group is hardly worth a name

/** What was done last, to be taken back. */
interface Done {
  words: string;
  runId: string | null;
}

/** Groups of faces of people nobody has named. */
export function ClustersTab() {
  const text = useText();
  const [offset, setOffset] = React.useState(0);
  const [all, setAll] = React.useState(false);
  const anew = React.useRef(false);
  const ask = React.useCallback(
    (signal: AbortSignal) => {
      const refresh = anew.current;
      anew.current = false;
      return clusters({ offset, limit: PAGE, minFaces: all ? 1 : 2, refresh }, signal);
    },
    [offset, all],
  );
  const { state: asked, again } = useAnswer(ask);
  const [open, setOpen] = React.useState<number | null>(null);
  const [chosen, setChosen] = React.useState<ReadonlySet<number>>(new Set());
  const [done, setDone] = React.useState<Done | null>(null);
  const { busy, fault, run } = useDoing();
  const answer = valueOf(asked);
  const near = answer?.clusters.flatMap((each) => each.nearest.map((one) => one.performerId)) ?? [];
  const portraits = usePictures(near);

  const act = (task: () => Promise<Done>) =>
    run(async () => {
      setDone(await task());
      setChosen(new Set());
      setOpen(null);
      again();
      void refreshHost();
    });
  const name = (which: Some, who: { performerId: string } | { name: string }) =>
    act(async () => {
      const made = await nameCluster(which, who);
      return { words: text("compreface.clusters.named", { name: made.name, count: made.items }), runId: made.runId };
    });
  const ignore = (which: Some) =>
    act(async () => ({ words: text("compreface.done.ignore"), runId: (await ignoreCluster(which)).runId }));
  const merge = () =>
    act(async () => {
      await mergeClusters([...chosen]);
      return { words: text("compreface.clusters.merged", { count: chosen.size }), runId: null };
    });
  const undo = (runId: string) =>
    act(async () => {
      await undoRun(runId);
      return { words: text("compreface.done.undo"), runId: null };
    });
  const regroup = () => {
    anew.current = true;
    again();
  };
  const choose = (id: number) =>
    setChosen((old) => new Set(old.has(id) ? [...old].filter((each) => each !== id) : [...old, id]));

  const opened = answer?.clusters.find((each) => each.id === open);
  return (
    <>
      <div className="compreface-filters">
        <label className="compreface-check-label">
          <input
            type="checkbox"
            checked={all}
            onChange={() => {
              setOffset(0);
              setAll(!all);
            }}
          />{" "}
          {text("compreface.clusters.all")}
        </label>
        <Button size="sm" variant="secondary" disabled={busy} onClick={regroup}>
          <Icon name="faArrowsRotate" /> <span>{text("compreface.clusters.regroup")}</span>
        </Button>
        {chosen.size > 1 && (
          <Button size="sm" variant="primary" disabled={busy} onClick={merge}>
            <Icon name="faObjectGroup" /> <span>{text("compreface.clusters.merge", { count: chosen.size })}</span>
          </Button>
        )}
        {busy && <Spinner animation="border" size="sm" />}
      </div>
      <div role="status" aria-live="polite">
        {done && (
          <div className="compreface-box card">
            <Undo words={done.words} busy={busy} onUndo={done.runId === null ? undefined : () => undo(done.runId ?? "")} />
          </div>
        )}
      </div>
      {fault !== "" && <Failed title={text("compreface.failed.write")} message={fault} />}
      {answer && !answer.upToDate && <p className="compreface-box card">{text("compreface.clusters.old")}</p>}
      {asked.kind === "working" && answer === undefined && <Working words={text("compreface.clusters.loading")} />}
      {asked.kind === "failed" && (
        <Failed title={text("compreface.clusters.failed")} message={asked.message} onRetry={again} />
      )}
      {answer?.total === 0 && (
        <Notice
          icon="faUsers"
          title={text("compreface.clusters.none.title")}
          words={text("compreface.clusters.none.text")}
        />
      )}
      {opened ? (
        <ClusterFaces
          key={opened.id}
          cluster={opened}
          onBack={() => setOpen(null)}
          onSplit={() => {
            setDone({ words: text("compreface.clusters.split.done"), runId: null });
            setOpen(null);
            again();
          }}
          onName={(faceIds, who) => name({ faceIds }, who)}
          onIgnore={(faceIds) => ignore({ faceIds })}
        />
      ) : (
        <ul className="compreface-clusters" aria-busy={busy || asked.kind === "working"}>
          {answer?.clusters.map((each) => (
            <OneCluster
              key={each.id}
              cluster={each}
              portraits={portraits}
              busy={busy}
              chosen={chosen.has(each.id)}
              onChoose={() => choose(each.id)}
              onOpen={() => setOpen(each.id)}
              onName={(who) => name({ cluster: each.id }, who)}
              onIgnore={() => ignore({ cluster: each.id })}
            />
          ))}
        </ul>
      )}
      {answer && !opened && <Pager offset={offset} limit={PAGE} total={answer.total} onChange={setOffset} />}
    </>
  );
}

interface OneProps {
  cluster: Cluster;
  portraits: ReadonlyMap<string, string>;
  busy: boolean;
  chosen: boolean;
  onChoose: () => void;
  onOpen: () => void;
  onName: (who: { performerId: string } | { name: string }) => void;
  onIgnore: () => void;
}

function OneCluster(props: OneProps) {
  const { cluster, portraits, busy, chosen, onName } = props;
  const text = useText();
  const [form, setForm] = React.useState<"pick" | "create" | null>(null);
  const toggle = (wanted: "pick" | "create") => setForm(form === wanted ? null : wanted);
  const about = text("compreface.clusters.count", { faces: cluster.faces, items: cluster.items.length });
  return (
    <li className={`compreface-cluster card${chosen ? " compreface-active" : ""}`}>
      <div className="compreface-cluster-head">
        <label className="compreface-check-label">
          <input
            type="checkbox"
            checked={chosen}
            aria-label={text("compreface.clusters.choose", { about })}
            onChange={props.onChoose}
          />{" "}
          <strong>{about}</strong>
        </label>
        {cluster.faces < MANY && <small className="text-muted">{text("compreface.clusters.few")}</small>}
      </div>
      <button
        type="button"
        className="compreface-samples"
        aria-label={text("compreface.clusters.open", { about })}
        onClick={props.onOpen}
      >
        {cluster.samples.map((each) => (
          <span key={each.id} className="compreface-crop">
            {each.crop && <img src={each.crop} alt="" />}
          </span>
        ))}
      </button>
      <Nearest near={cluster.nearest} portraits={portraits} busy={busy} onName={onName} />
      <div className="compreface-actions">
        <Button size="sm" variant="primary" disabled={busy} aria-expanded={form === "create"} onClick={() => toggle("create")}>
          <Icon name="faUserPlus" /> <span>{text("compreface.clusters.name")}</span>
        </Button>
        <Button size="sm" variant="secondary" disabled={busy} aria-expanded={form === "pick"} onClick={() => toggle("pick")}>
          <Icon name="faMagnifyingGlass" /> <span>{text("compreface.clusters.existing")}</span>
        </Button>
        <Button size="sm" variant="secondary" disabled={busy} onClick={props.onIgnore}>
          <Icon name="faUserSlash" /> <span>{text("compreface.ignore")}</span>
        </Button>
      </div>
      {form === "create" && (
        <CreatePerformer
          suggestion=""
          onCancel={() => setForm(null)}
          onUse={(who) => onName({ performerId: who.id })}
          onCreate={(name) => name !== "" && onName({ name })}
        />
      )}
      {form === "pick" && <PickPerformer onCancel={() => setForm(null)} onPick={(who) => onName({ performerId: who.id })} />}
    </li>
  );
}

interface NearestProps {
  near: Near[];
  portraits: ReadonlyMap<string, string>;
  busy: boolean;
  onName: (who: { performerId: string }) => void;
}

/** Performers that look a little like the group. */
function Nearest({ near, portraits, busy, onName }: NearestProps) {
  const text = useText();
  const known = near.filter((each) => each.inLibrary);
  if (known.length === 0) return null;
  return (
    <div className="compreface-nearest">
      <small className="text-muted">{text("compreface.clusters.nearest")}</small>
      {known.map((each) => (
        <div key={each.performerId} className="compreface-near">
          {portraits.has(each.performerId) && (
            <img className="compreface-portrait" src={portraits.get(each.performerId)} alt="" />
          )}
          <PerformerLink id={each.performerId} name={each.name} />
          <small>{text.similarity(each.similarity)}</small>
          <Button
            size="sm"
            variant="secondary"
            disabled={busy}
            aria-label={text("compreface.clusters.it.is", { name: each.name })}
            onClick={() => onName({ performerId: each.performerId })}
          >
            <Icon name="faCheck" />
          </Button>
        </div>
      ))}
    </div>
  );
}
