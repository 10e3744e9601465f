import type { KeyboardEvent } from "react";
import { Bootstrap, Icon, React, Router } from "../host";
import { Failed, Notice, Working } from "../parts/notices";
import { useText } from "../text";
import type { ItemKind, Proposal, ProposalCandidate, QueueFilter } from "./api";
import { Bar } from "./Bar";
import { useItems } from "./hooks";
import type { Entry } from "./outbox";
import { choices, ProposalCard } from "./ProposalCard";
import { Refused, Saving } from "./Saving";
import { useOutbox, useQueue, type Queue } from "./useQueue";

const { Button, ButtonGroup } = Bootstrap;

const MOST_PERFORMERS = 300; // in the list to choose from, those with most to decide
const NARROWED_BY = ["performer", "image", "gallery", "scene"] as const; // in the address

/** What the address narrows the queue to. */
function filterOf(query: URLSearchParams): QueueFilter {
  const kind = query.get("kind");
  return {
    by: query.get("by") === "item" ? "item" : "person",
    kind: kind === "image" || kind === "scene" ? (kind satisfies ItemKind) : undefined,
    performerId: query.get("performer") ?? undefined,
    imageId: query.get("image") ?? undefined,
    galleryId: query.get("gallery") ?? undefined,
    sceneId: query.get("scene") ?? undefined,
  };
}

export function QueueTab({ takeFocus }: { takeFocus: boolean }) {
  const text = useText();
  const location = Router.useLocation();
  const query = React.useMemo(() => new URLSearchParams(location.search), [location.search]);
  const queue = useQueue(filterOf(query));
  const saved = useOutbox();
  return (
    <>
      <Filters query={query} queue={queue} />
      <Saving state={saved} />
      <Refused state={saved} />
      {queue.phase.kind === "loading" && <Working words={text("compreface.review.loading")} />}
      {queue.phase.kind === "failed" && (
        <Failed
          title={text("compreface.review.failed")}
          message={queue.phase.message}
          onRetry={queue.actions.load}
        />
      )}
      {queue.phase.kind === "ready" && <Desk queue={queue} takeFocus={takeFocus} />}
    </>
  );
}

function Filters({ query, queue }: { query: URLSearchParams; queue: Queue }) {
  const text = useText();
  const history = Router.useHistory();
  const set = (name: string, value: string) => {
    const next = new URLSearchParams(query);
    if (value === "") next.delete(name);
    else next.set(name, value);
    history.replace({ search: next.toString() });
  };
  const by = query.get("by") === "item" ? "item" : "person";
  const narrowed = NARROWED_BY.filter((each) => each !== "performer" && query.has(each));
  return (
    <div className="compreface-filters">
      <ButtonGroup size="sm" aria-label={text("compreface.review.order")}>
        {(["person", "item"] as const).map((each) => (
          <Button
            key={each}
            variant="secondary"
            active={by === each}
            aria-pressed={by === each}
            onClick={() => set("by", each)}
          >
            {text(each === "person" ? "compreface.review.by.person" : "compreface.review.by.item")}
          </Button>
        ))}
      </ButtonGroup>
      <select
        className="form-control form-control-sm input-control text-input"
        aria-label={text("compreface.review.kind")}
        value={query.get("kind") ?? ""}
        onChange={(event) => set("kind", event.target.value)}
      >
        <option value="">{text("compreface.review.kind.all")}</option>
        <option value="image">{text("compreface.review.kind.image")}</option>
        <option value="scene">{text("compreface.review.kind.scene")}</option>
      </select>
      <select
        className="form-control form-control-sm input-control text-input"
        aria-label={text("compreface.review.performer")}
        value={query.get("performer") ?? ""}
        onChange={(event) => set("performer", event.target.value)}
      >
        <option value="">{text("compreface.review.performer.all")}</option>
        {queue.performers.slice(0, MOST_PERFORMERS).map((each) => (
          <option key={each.performerId} value={each.performerId}>
            {text("compreface.review.performer.waiting", {
              name: each.name || text("compreface.not.in.library"),
              count: each.waiting,
            })}
          </option>
        ))}
      </select>
      {narrowed.map((each) => (
        <Button key={each} size="sm" variant="secondary" onClick={() => set(each, "")}>
          {text("compreface.review.only", { kind: each, id: query.get(each) ?? "" })} <Icon name="faXmark" />
        </Button>
      ))}
      <Button size="sm" variant="secondary" onClick={queue.actions.load}>
        <Icon name="faArrowsRotate" /> <span>{text("compreface.review.reload")}</span>
      </Button>
    </div>
  );
}

/** The face in hand, and the keys. */
function Desk({ queue, takeFocus }: { queue: Queue; takeFocus: boolean }) {
  const text = useText();
  const desk = React.useRef<HTMLElement>(null);
  const [picking, setPicking] = React.useState(false);
  const [done, setDone] = React.useState("");
  const { actions, current } = queue;
  const items = useItems(queue.items);

  React.useEffect(() => {
    if (takeFocus) desk.current?.focus({ preventScroll: true });
  }, []);

  const say = (proposal: Proposal, decision: Entry["decision"], who?: { id: string; name: string }) => {
    setPicking(false);
    actions.decide(proposal, decision, who);
    setDone(text(`compreface.done.${decision}`, { name: who?.name ?? "" }));
  };
  const accept = (proposal: Proposal, candidate: ProposalCandidate | undefined) => {
    if (candidate) say(proposal, "accept", { id: candidate.performerId, name: candidate.name });
  };
  const reject = (proposal: Proposal) => {
    const best = choices(proposal)[0];
    if (best) say(proposal, "reject", { id: best.performerId, name: best.name });
  };
  const undo = () => {
    setPicking(false);
    if (actions.undo() !== undefined) setDone(text("compreface.done.undo"));
  };
  const pick = (open: boolean) => {
    setPicking(open);
    if (!open) desk.current?.focus({ preventScroll: true });
  };

  const onKeyDown = (event: KeyboardEvent<HTMLElement>) => {
    if (event.ctrlKey || event.altKey || event.metaKey || isTyping(event.target)) return;
    const action = current ? keyActions(current)[event.key] : event.key === "u" ? undo : undefined;
    if (action === undefined) return;
    event.preventDefault();
    event.nativeEvent.stopPropagation(); // the host has keys of its own
    action();
  };
  const keyActions = (proposal: Proposal): Record<string, (() => void) | undefined> => ({
    y: () => accept(proposal, choices(proposal)[0]),
    n: () => reject(proposal),
    s: () => pick(true),
    i: () => say(proposal, "ignore"),
    x: () => say(proposal, "notAFace"),
    u: undo,
    ArrowDown: () => actions.skip(proposal),
    ArrowUp: () => actions.back(),
    ...Object.fromEntries(choices(proposal).map((each, n) => [String(n + 1), () => accept(proposal, each)])),
  });

  return (
    <section
      ref={desk}
      className="compreface-desk"
      tabIndex={-1}
      aria-label={text("compreface.review.desk")}
      onKeyDown={onKeyDown}
    >
      <Progress queue={queue} />
      <div className="sr-only" role="status" aria-live="polite">
        {done} {current && text("compreface.review.next", { name: choices(current)[0]?.name ?? "" })}
      </div>
      {queue.trouble !== "" && (
        <Failed title={text("compreface.review.failed")} message={queue.trouble} onRetry={actions.more} />
      )}
      {current === undefined && queue.trouble === "" && <Working words={text("compreface.review.loading")} />}
      {current === null && <End queue={queue} onUndo={undo} />}
      {current && (
        <>
          <ProposalCard
            proposal={current}
            pictures={queue.pictures}
            items={items}
            picking={picking}
            canUndo={queue.canUndo}
            onAccept={(candidate) => accept(current, candidate)}
            onReject={() => reject(current)}
            onNotAFace={() => say(current, "notAFace")}
            onIgnore={() => say(current, "ignore")}
            onPicking={pick}
            onPick={(who) => {
              say(current, "accept", who);
              desk.current?.focus({ preventScroll: true });
            }}
            onSkip={() => actions.skip(current)}
            onUndo={undo}
          />
          <Strip next={queue.next} />
          <p className="compreface-keys text-muted">
            {text("compreface.keys", { keys: text("compreface.review.keys") })}
          </p>
        </>
      )}
    </section>
  );
}

function isTyping(target: EventTarget): boolean {
  return target instanceof HTMLElement && target.closest("input, select, textarea, [contenteditable], .compreface-form") !== null;
}

function Progress({ queue }: { queue: Queue }) {
  const text = useText();
  if (queue.total === 0) return null;
  const label = text("compreface.review.progress", { done: queue.settled, total: queue.total });
  return (
    <div className="compreface-share">
      <span>
        {label}
        {queue.allWaiting > queue.total && ` · ${text("compreface.review.more", { count: queue.allWaiting })}`}
      </span>
      <Bar share={queue.settled / queue.total} label={label} />
    </div>
  );
}

/** The faces whose turn comes next. */
function Strip({ next }: { next: Proposal[] }) {
  return (
    <div className="compreface-strip" aria-hidden="true">
      {next.map((each) => (
        <div key={each.faceId} className="compreface-crop">
          {each.crop && <img src={each.crop} alt="" />}
        </div>
      ))}
    </div>
  );
}

function End({ queue, onUndo }: { queue: Queue; onUndo: () => void }) {
  const text = useText();
  const some = queue.settled > 0;
  return (
    <Notice
      icon={some ? "faCircleCheck" : "faInbox"}
      title={text(some ? "compreface.review.end.title" : "compreface.review.empty.title")}
      words={text(some ? "compreface.review.end.text" : "compreface.review.empty.text", { count: queue.settled })}
    >
      {queue.canUndo && (
        <Button size="sm" variant="secondary" onClick={onUndo}>
          <Icon name="faRotateLeft" /> <span>{text("compreface.undo")}</span>
        </Button>
      )}
    </Notice>
  );
}
