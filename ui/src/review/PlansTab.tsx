import { Bootstrap, Icon, React } from "../host";
import { Failed, Notice, Working } from "../parts/notices";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useKeptFocus } from "../parts/useKeptFocus";
import { useWriting, Written } from "../parts/useWriting";
import { useText } from "../text";
import { applyPlan, deletePlan, keyOf, planItems, plans, type ItemRef, type Plan, type PlanItem, type Value } from "./api";
import { Ask } from "./Ask";
import { useItems } from "./hooks";
import { ItemLink } from "./ItemLink";
import { modeName } from "./modes";
import { Pager } from "./Pager";

const { Badge, Button } = Bootstrap;

const PAGE = 50;

/** What runs propose and nobody has applied yet. */
export function PlansTab() {
  const text = useText();
  const { state: asked, again } = useAnswer(plans);
  const [open, setOpen] = React.useState<string | null>(null);
  const [dropping, setDropping] = React.useState<Plan | null>(null);
  const writing = useWriting(again);
  const { busy, write } = writing;
  const list = useKeptFocus<HTMLDivElement>();
  const answer = valueOf(asked);
  const opened = answer?.plans.find((each) => each.planId === open);

  const apply = (plan: Plan, some?: readonly ItemRef[]) =>
    write(async () => {
      const { applied, settled, refused, left } = await applyPlan(plan.planId, some);
      return { words: text("compreface.plans.applied", { applied, settled, refused, left }), runId: plan.planId };
    });
  const drop = (plan: Plan) =>
    write(async () => {
      setDropping(null);
      const { dropped, items } = await deletePlan(plan.planId);
      return { words: text("compreface.plans.deleted", { dropped, items }), runId: null };
    });

  return (
    <div ref={list} tabIndex={-1}>
      <Written writing={writing} />
      {asked.kind === "failed" && (
        <Failed title={text("compreface.plans.failed")} message={asked.message} onRetry={again} />
      )}
      {answer === undefined && asked.kind === "working" && <Working words={text("compreface.plans.loading")} />}
      {answer?.plans.length === 0 && (
        <Notice icon="faClipboardList" title={text("compreface.plans.none.title")} words={text("compreface.plans.none.text")} />
      )}
      <ul className="compreface-rows">
        {answer?.plans.map((each) => (
          <li key={each.planId} className="compreface-row card">
            <div className="compreface-row-head">
              <div>
                <strong>
                  <bdi>{each.name === each.mode ? modeName(text, each.mode) : each.name}</bdi>
                </strong>
                <div className="text-muted">
                  {text("compreface.plans.about", { items: each.items, when: text.date(each.madeAt) })}
                </div>
              </div>
              <div className="compreface-actions">
                <Button
                  size="sm"
                  variant="secondary"
                  aria-expanded={open === each.planId}
                  onClick={() => setOpen(open === each.planId ? null : each.planId)}
                >
                  <Icon name="faList" /> <span>{text("compreface.plans.look")}</span>
                </Button>
                <Button size="sm" variant="success" disabled={busy} onClick={() => apply(each)}>
                  <Icon name="faCheckDouble" /> <span>{text("compreface.plans.apply")}</span>
                </Button>
                <Button size="sm" variant="danger" disabled={busy} onClick={() => setDropping(each)}>
                  <Icon name="faTrashCan" /> <span>{text("compreface.plans.delete")}</span>
                </Button>
              </div>
            </div>
            {opened === each && <Diff plan={each} busy={busy} onApply={(some) => apply(each, some)} />}
          </li>
        ))}
      </ul>
      {dropping && (
        <Ask
          title={text("compreface.plans.delete")}
          words={text("compreface.plans.delete.sure", { name: dropping.name, items: dropping.items })}
          action={text("compreface.plans.delete")}
          onYes={() => drop(dropping)}
          onNo={() => setDropping(null)}
        />
      )}
    </div>
  );
}

interface DiffProps {
  plan: Plan;
  busy: boolean;
  onApply(some: readonly ItemRef[]): void;
}

function Diff({ plan, busy, onApply }: DiffProps) {
  const text = useText();
  const [offset, setOffset] = React.useState(0);
  const [chosen, setChosen] = React.useState<ReadonlyMap<string, ItemRef>>(new Map());
  // asked again when something of the plan was applied
  const ask = React.useCallback(
    (signal: AbortSignal) => planItems(plan.planId, { offset, limit: PAGE }, signal),
    [plan.planId, plan.items, offset],
  );
  const { state: asked, again } = useAnswer(ask);
  const answer = valueOf(asked);
  const items = useItems(answer?.items ?? []);
  const toggle = (item: ItemRef) =>
    setChosen((old) => {
      const now = new Map(old);
      if (!now.delete(keyOf(item))) now.set(keyOf(item), item);
      return now;
    });
  return (
    <div className="compreface-diff">
      {asked.kind === "failed" && (
        <Failed title={text("compreface.plans.failed")} message={asked.message} onRetry={again} />
      )}
      {answer === undefined && asked.kind === "working" && <Working words={text("compreface.plans.loading")} />}
      {answer && (
        <>
          <div className="compreface-actions">
            <Button
              size="sm"
              variant="success"
              disabled={busy || chosen.size === 0}
              onClick={() => {
                onApply([...chosen.values()]);
                setChosen(new Map());
              }}
            >
              <Icon name="faCheck" /> <span>{text("compreface.plans.apply.some", { count: chosen.size })}</span>
            </Button>
          </div>
          <ul className="compreface-rows">
            {answer.items.map((each) => (
              <li key={keyOf(each)} className="compreface-diff-item">
                <input
                  type="checkbox"
                  aria-label={text("compreface.plans.choose", { name: each.name || each.id })}
                  checked={chosen.has(keyOf(each))}
                  onChange={() => toggle(each)}
                />
                <ItemLink item={each} known={items.get(keyOf(each)) ?? { title: each.name, picture: null }} />
                <Changes item={each} />
              </li>
            ))}
          </ul>
          <Pager offset={offset} limit={PAGE} total={answer.total} onChange={setOffset} />
        </>
      )}
    </div>
  );
}

function Changes({ item }: { item: PlanItem }) {
  const text = useText();
  if (!item.exists) return <span className="text-muted">{text("compreface.plans.gone")}</span>;
  const name = (value: Value) => value.name || value.id || "";
  return (
    <div className="compreface-changes">
      {item.fields.map((each) => (
        <React.Fragment key={each.field}>
          {each.before.map((value) => (
            <Badge key={`=${name(value)}`} variant="secondary">
              <bdi>{name(value)}</bdi>
            </Badge>
          ))}
          {each.add.map((value) => (
            <Badge key={`+${name(value)}`} variant="success">
              <span aria-hidden="true">+</span>
              <span className="sr-only">{text("compreface.plans.adds")} </span>
              <bdi>{name(value)}</bdi>
            </Badge>
          ))}
          {each.remove.map((value) => (
            <Badge key={`-${name(value)}`} variant="danger">
              <span aria-hidden="true">−</span>
              <span className="sr-only">{text("compreface.plans.removes")} </span>
              <bdi>{name(value)}</bdi>
            </Badge>
          ))}
        </React.Fragment>
      ))}
    </div>
  );
}
