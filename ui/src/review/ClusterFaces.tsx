import { qualityIds } from "../faces/wording";
import { Bootstrap, Icon, React } from "../host";
import { Failed, Working } from "../parts/notices";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useText } from "../text";
import { NameGroup } from "../unknown/NameGroup";
import { groupFaces, splitGroup, type Group, type GroupFace } from "../unknown/operations";
import type { Naming } from "../unknown/useNaming";
import { keyOf } from "./api";
import { useItems } from "./hooks";
import { ItemLink } from "./ItemLink";
import { Pager } from "./Pager";

const { Button } = Bootstrap;

const PAGE = 60;

interface Props {
  cluster: Group;
  naming: Naming;
  onBack: () => void;
}

/** All faces of a group, to be looked through: some can be told apart, named or set aside by themselves. */
export function ClusterFaces({ cluster, naming, onBack }: Props) {
  const text = useText();
  const [offset, setOffset] = React.useState(0);
  const ask = React.useCallback(
    (signal: AbortSignal) => groupFaces(cluster.id, { offset, limit: PAGE }, signal),
    [cluster.id, offset],
  );
  const { state: asked, again } = useAnswer(ask);
  const [chosen, setChosen] = React.useState<ReadonlySet<number>>(new Set());
  const answer = valueOf(asked);
  const items = useItems(answer?.faces.map((each) => each.item) ?? []);
  const back = React.useRef<HTMLButtonElement>(null);
  React.useEffect(() => back.current?.focus(), []);
  const ids = [...chosen];
  const toggle = (id: number) =>
    setChosen((old) => new Set(old.has(id) ? [...old].filter((each) => each !== id) : [...old, id]));
  const split = () =>
    naming.write(async () => {
      await splitGroup(cluster.id, ids);
      return { words: text("compreface.clusters.split.done"), runId: null };
    });
  return (
    <section aria-label={text("compreface.clusters.faces")}>
      <div className="compreface-filters">
        <Button ref={back} size="sm" variant="secondary" onClick={onBack}>
          <Icon name="faArrowLeft" className="compreface-directed" /> <span>{text("compreface.clusters.back")}</span>
        </Button>
        <strong>{text("compreface.clusters.chosen", { count: ids.length, total: cluster.faces })}</strong>
      </div>
      <NameGroup which={ids.length === 0 ? null : { faceIds: ids }} naming={naming}>
        <Button
          size="sm"
          variant="primary"
          disabled={naming.busy || ids.length === 0 || ids.length === cluster.faces}
          onClick={split}
        >
          <Icon name="faObjectUngroup" /> <span>{text("compreface.clusters.split")}</span>
        </Button>
      </NameGroup>
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

function named(text: ReturnType<typeof useText>, face: GroupFace, number: number): string {
  return [text("compreface.of.face", { number }), ...qualityIds(face).map((id) => text(id))].join(", ");
}
