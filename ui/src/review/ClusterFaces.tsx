import { CreatePerformer, PickPerformer } from "../faces/forms";
import { qualityIds } from "../faces/wording";
import { Bootstrap, Icon, React } from "../host";
import { Failed, Working } from "../parts/notices";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useText } from "../text";
import { clusterFaces, keyOf, splitCluster, type Cluster, type ClusterFace } from "./api";
import { useDoing, useItems } from "./hooks";
import { Pager } from "./Pager";
import { ItemLink } from "./ProposalCard";

const { Button } = Bootstrap;

const PAGE = 60;

interface Props {
  cluster: Cluster;
  onBack: () => void;
  onSplit: () => void;
  onName: (faceIds: number[], who: { performerId: string } | { name: string }) => void;
  onIgnore: (faceIds: number[]) => void;
}

/** All faces of a group, to be looked through: some can be told apart, named or set aside by themselves. */
export function ClusterFaces({ cluster, onBack, onSplit, onName, onIgnore }: Props) {
  const text = useText();
  const [offset, setOffset] = React.useState(0);
  const ask = React.useCallback(
    (signal: AbortSignal) => clusterFaces(cluster.id, { offset, limit: PAGE }, signal),
    [cluster.id, offset],
  );
  const { state: asked, again } = useAnswer(ask);
  const [chosen, setChosen] = React.useState<ReadonlySet<number>>(new Set());
  const [form, setForm] = React.useState<"pick" | "create" | null>(null);
  const { busy, fault, run } = useDoing();
  const answer = valueOf(asked);
  const items = useItems(answer?.faces.map((each) => each.item) ?? []);
  const back = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => back.current?.focus(), []);
  const ids = [...chosen];
  const toggle = (id: number) =>
    setChosen((old) => new Set(old.has(id) ? [...old].filter((each) => each !== id) : [...old, id]));
  const split = () =>
    run(async () => {
      await splitCluster(cluster.id, ids);
      onSplit();
    });
  return (
    <section aria-label={text("compreface.clusters.faces")}>
      <div className="compreface-filters">
        <Button ref={back} size="sm" variant="secondary" onClick={onBack}>
          <Icon name="faArrowLeft" className="compreface-directed" /> <span>{text("compreface.clusters.back")}</span>
        </Button>
        <strong>{text("compreface.clusters.chosen", { count: ids.length, total: cluster.faces })}</strong>
        <Button
          size="sm"
          variant="primary"
          disabled={busy || ids.length === 0 || ids.length === cluster.faces}
          onClick={split}
        >
          <Icon name="faObjectUngroup" /> <span>{text("compreface.clusters.split")}</span>
        </Button>
        <Button size="sm" variant="secondary" disabled={busy || ids.length === 0} onClick={() => setForm("create")}>
          <Icon name="faUserPlus" /> <span>{text("compreface.clusters.name")}</span>
        </Button>
        <Button size="sm" variant="secondary" disabled={busy || ids.length === 0} onClick={() => setForm("pick")}>
          <Icon name="faMagnifyingGlass" /> <span>{text("compreface.clusters.existing")}</span>
        </Button>
        <Button size="sm" variant="secondary" disabled={busy || ids.length === 0} onClick={() => onIgnore(ids)}>
          <Icon name="faUserSlash" /> <span>{text("compreface.ignore")}</span>
        </Button>
      </div>
      {form === "create" && (
        <CreatePerformer
          suggestion=""
          onCancel={() => setForm(null)}
          onUse={(who) => onName(ids, { performerId: who.id })}
          onCreate={(name) => name !== "" && onName(ids, { name })}
        />
      )}
      {form === "pick" && (
        <PickPerformer onCancel={() => setForm(null)} onPick={(who) => onName(ids, { performerId: who.id })} />
      )}
      {fault !== "" && <Failed title={text("compreface.failed.write")} message={fault} />}
      {asked.kind === "failed" && (
        <Failed title={text("compreface.clusters.failed")} message={asked.message} onRetry={again} />
      )}
      {answer === undefined && asked.kind === "working" && <Working words={text("compreface.clusters.loading")} />}
      <ul className="compreface-members">
        {answer?.faces.map((each, index) => (
          <li key={each.id} className={`compreface-member${chosen.has(each.id) ? " compreface-active" : ""}`}>
            <label>
              <span className="compreface-crop">
                {each.crop ? <img src={each.crop} alt="" /> : <Icon name="faUser" className="compreface-crop-empty" />}
              </span>
              <input
                type="checkbox"
                checked={chosen.has(each.id)}
                aria-label={named(text, each, offset + index + 1)}
                onChange={() => toggle(each.id)}
              />
            </label>
            <ItemLink item={each.item} known={items.get(keyOf(each.item))} small />
          </li>
        ))}
      </ul>
      {answer && <Pager offset={offset} limit={PAGE} total={answer.total} onChange={setOffset} />}
    </section>
  );
}

function named(text: ReturnType<typeof useText>, face: ClusterFace, number: number): string {
  return [text("compreface.of.face", { number }), ...qualityIds(face).map((id) => text(id))].join(", ");
}
