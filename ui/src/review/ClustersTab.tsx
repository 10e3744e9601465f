import { Bootstrap, Icon, React } from "../host";
import { Failed, Notice, Working } from "../parts/notices";
import { usePictures } from "../parts/hooks";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useKeptFocus } from "../parts/useKeptFocus";
import { Written } from "../parts/useWriting";
import { PerformerLink } from "../parts/links";
import { useText } from "../text";
import { NameGroup } from "../unknown/NameGroup";
import { alike, groups, mergeGroups, type Group, type Near } from "../unknown/operations";
import { useNaming, type Naming } from "../unknown/useNaming";
import { ClusterFaces } from "./ClusterFaces";
import { Pager } from "./Pager";

const { Button } = Bootstrap;

const PAGE = 24;
const SAMPLES = 6;
const MANY = 3; // faces: below it, a group is hardly worth a name

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
      return groups({ offset, limit: PAGE, minFaces: all ? 1 : 2, samples: SAMPLES, refresh }, signal);
    },
    [offset, all],
  );
  const { state: asked, again } = useAnswer(ask);
  const [open, setOpen] = React.useState<number | null>(null);
  const [chosen, setChosen] = React.useState<ReadonlySet<number>>(new Set());
  const answer = valueOf(asked);
  const near = answer?.clusters.flatMap((each) => alike(each).map((one) => one.performerId)) ?? [];
  const portraits = usePictures(near);
  const list = useKeptFocus<HTMLDivElement>();
  const naming = useNaming(() => {
    setChosen(new Set());
    setOpen(null);
    again();
  });
  const { busy } = naming;
  const merge = () =>
    naming.write(async () => {
      await mergeGroups([...chosen]);
      return { words: text("compreface.clusters.merged", { count: chosen.size }), runId: null };
    });
  const regroup = () => {
    anew.current = true;
    again();
  };
  const choose = (id: number) =>
    setChosen((old) => new Set(old.has(id) ? [...old].filter((each) => each !== id) : [...old, id]));

  const opened = answer?.clusters.find((each) => each.id === open);
  return (
    <div ref={list} tabIndex={-1}>
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
      </div>
      <Written writing={naming} />
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
        <ClusterFaces key={opened.id} cluster={opened} naming={naming} onBack={() => setOpen(null)} />
      ) : (
        <ul className="compreface-clusters" aria-busy={busy || asked.kind === "working"}>
          {answer?.clusters.map((each) => (
            <OneCluster
              key={each.id}
              cluster={each}
              portraits={portraits}
              naming={naming}
              chosen={chosen.has(each.id)}
              onChoose={() => choose(each.id)}
              onOpen={() => setOpen(each.id)}
            />
          ))}
        </ul>
      )}
      {answer && !opened && <Pager offset={offset} limit={PAGE} total={answer.total} onChange={setOffset} />}
    </div>
  );
}

interface OneProps {
  cluster: Group;
  portraits: ReadonlyMap<string, string>;
  naming: Naming;
  chosen: boolean;
  onChoose: () => void;
  onOpen: () => void;
}

function OneCluster(props: OneProps) {
  const { cluster, portraits, naming, chosen } = props;
  const text = useText();
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
      <Nearest
        near={alike(cluster)}
        portraits={portraits}
        busy={naming.busy}
        onName={(id) => naming.name({ cluster: cluster.id }, { id })}
      />
      <NameGroup which={{ cluster: cluster.id }} naming={naming} />
    </li>
  );
}

interface NearestProps {
  near: Near[];
  portraits: ReadonlyMap<string, string>;
  busy: boolean;
  onName: (performerId: string) => void;
}

/** Performers that look a little like the group. */
function Nearest({ near, portraits, busy, onName }: NearestProps) {
  const text = useText();
  if (near.length === 0) return null;
  return (
    <div className="compreface-nearest">
      <small className="text-muted">{text("compreface.clusters.nearest")}</small>
      {near.map((each) => (
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
            onClick={() => onName(each.performerId)}
          >
            <Icon name="faCheck" />
          </Button>
        </div>
      ))}
    </div>
  );
}
