import type { KeyboardEvent } from "react";
import { Bootstrap, Icon, React, Router } from "../host";
import { Failed, Notice, Working } from "../parts/notices";
import { useText } from "../text";
import type { Proposal, ProposalCandidate } from "./api";
import { Bar } from "./Bar";
import { Filters, filterOf, GALLERIES, narrowed, type Narrowing } from "./Filters";
import { GalleryQueue } from "./GalleryQueue";
import { useItems } from "./hooks";
import type { Entry, OutboxState } from "./outbox";
import { choices, ProposalCard } from "./ProposalCard";
import { Refused, Saving } from "./Saving";
import { useOutbox, useQueue, type Queue } from "./useQueue";

const { Button } = Bootstrap;

/** The faces that wait, or the galleries; which of them stands in the address. */
export function QueueTab({ takeFocus }: { takeFocus: boolean }) {
  const history = Router.useHistory();
  const location = Router.useLocation();
  const query = React.useMemo(() => new URLSearchParams(location.search), [location.search]);
  const saved = useOutbox();
  const [turn, setTurn] = React.useState(0);
  const narrow = (change: Narrowing) => history.replace({ search: narrowed(query, change).toString() });
  return (
    <>
      <Refused state={saved} />
      {query.get("kind") === GALLERIES ? (
        <>
          <Filters query={query} onChange={narrow} onReload={() => setTurn(turn + 1)} />
          <Saving state={saved} />
          <GalleryQueue key={turn} onFaces={(gallery) => narrow({ kind: "", gallery })} />
        </>
      ) : (
        <Faces query={query} saved={saved} takeFocus={takeFocus} onNarrow={narrow} />
      )}
    </>
  );
}

interface FacesProps {
  query: URLSearchParams;
  saved: OutboxState;
  takeFocus: boolean;
  onNarrow: (change: Narrowing) => void;
}

function Faces({ query, saved, takeFocus, onNarrow }: FacesProps) {
  const text = useText();
  const queue = useQueue(filterOf(query));
  return (
    <>
      <Filters query={query} queue={queue} onChange={onNarrow} onReload={queue.actions.load} />
      <Saving state={saved} />
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
