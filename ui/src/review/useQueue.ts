import { React } from "../host";
import { messageOf } from "../messageOf";
import { proposalsOf, queueOf, type ItemRef, type Proposal, type QueueFilter, type Waiting } from "./api";
import { outbox, type Entry, type OutboxState } from "./outbox";

const FIRST = 16; // proposals that come with the queue itself
const CHUNK = 24; // asked for at a time afterwards
const AHEAD = 12; // of them that are there before their turn comes
const SHOWN_NEXT = 8;
const KEPT_BEHIND = 200; // proposals that undo can show without asking

export type Phase = { kind: "loading" } | { kind: "failed"; message: string } | { kind: "ready" };

export interface Queue {
  phase: Phase;
  /** How many were waiting when the queue was asked for, and how many of them were decided or are gone. */
  total: number;
  settled: number;
  skipped: number;
  /** More than one queue can hold wait in all. */
  allWaiting: number;
  people: number;
  performers: Waiting[];
  /** The face in hand; null at the end, undefined while it is on its way. */
  current: Proposal | null | undefined;
  next: Proposal[];
  pictures: ReadonlyMap<string, string>;
  /** The items of the faces that are there: asked for together, not face by face. */
  items: readonly ItemRef[];
  canUndo: boolean;
  /** Why the next faces could not be read. */
  trouble: string;
  actions: QueueActions;
}

export interface QueueActions {
  load(): void;
  more(): void;
  decide(proposal: Proposal, decision: Entry["decision"], who?: { id: string; name: string }): void;
  skip(proposal: Proposal): void;
  back(): void;
  /** Takes the last decision back; the face it was about. */
  undo(): number | undefined;
}

interface State {
  ids: number[]; // still to be shown, in order; the first is in hand
  settled: number;
  skipped: number;
  history: number[]; // decided, oldest first
}

export function useOutbox(): OutboxState {
  const [state, setState] = React.useState(outbox.state);
  React.useEffect(() => {
    setState(outbox.state);
    return outbox.subscribe(() => setState(outbox.state));
  }, []);
  return state;
}

/** The faces that wait, one after the other. What is decided leaves at once and is written in the background. */
export function useQueue(filter: QueueFilter): Queue {
  const [phase, setPhase] = React.useState<Phase>({ kind: "loading" });
  const [facts, setFacts] = React.useState({ total: 0, all: 0, people: 0, performers: [] as Waiting[] });
  const [state, setState] = React.useState<State>({ ids: [], settled: 0, skipped: 0, history: [] });
  const [known, setKnown] = React.useState<ReadonlyMap<number, Proposal>>(new Map());
  const [pictures, setPictures] = React.useState<ReadonlyMap<string, string>>(new Map());
  const [trouble, setTrouble] = React.useState("");
  const asking = React.useRef<AbortController>();
  const latest = React.useRef(state);
  latest.current = state;
  const key = JSON.stringify(filter);

  const load = React.useCallback(() => {
    asking.current?.abort();
    const controller = new AbortController();
    asking.current = controller;
    setPhase({ kind: "loading" });
    setTrouble("");
    queueOf(JSON.parse(key) as QueueFilter, FIRST, controller.signal).then(
      (answer) => {
        if (controller.signal.aborted) return;
        asking.current = undefined;
        const decided = outbox.decidedFaces();
        const ids = answer.faceIds.filter((id) => !decided.has(id));
        setFacts((old) => ({
          total: ids.length,
          all: answer.total,
          people: answer.people,
          performers: answer.performers ?? old.performers,
        }));
        setState({ ids, settled: 0, skipped: 0, history: [] });
        setKnown(new Map((answer.proposals ?? []).map((each) => [each.faceId, each])));
        setPictures((old) => new Map([...old, ...present(answer.pictures ?? {})]));
        setPhase({ kind: "ready" });
      },
      (error: unknown) => !controller.signal.aborted && setPhase({ kind: "failed", message: messageOf(error) }),
    );
  }, [key]);

  React.useEffect(() => {
    load();
    return () => asking.current?.abort();
  }, [load]);

  const more = React.useCallback(() => {
    if (asking.current !== undefined) return;
    const wanted = latest.current.ids.slice(0, CHUNK + AHEAD).filter((id) => !known.has(id)).slice(0, CHUNK);
    if (wanted.length === 0) return;
    const controller = new AbortController();
    asking.current = controller;
    proposalsOf(wanted, controller.signal).then(
      (answer) => {
        if (controller.signal.aborted) return;
        asking.current = undefined;
        setTrouble("");
        const found = new Map(answer.proposals.map((each) => [each.faceId, each]));
        const gone = new Set(wanted.filter((id) => !found.has(id))); // settled by a decision about another face
        setKnown((old) => pruned(new Map([...old, ...found]), latest.current));
        setPictures((old) => new Map([...old, ...present(answer.pictures)]));
        if (gone.size > 0) {
          setState((old) => {
            const ids = old.ids.filter((id) => !gone.has(id));
            return { ...old, ids, settled: old.settled + old.ids.length - ids.length };
          });
        }
      },
      (error: unknown) => {
        if (controller.signal.aborted) return;
        asking.current = undefined;
        setTrouble(messageOf(error));
      },
    );
  }, [known]);

  const near = state.ids.slice(0, AHEAD);
  const missing = phase.kind === "ready" && trouble === "" && near.some((id) => !known.has(id));
  React.useEffect(() => {
    if (missing) more();
  }, [missing, more]);

  const decide = React.useCallback(
    (proposal: Proposal, decision: Entry["decision"], who?: { id: string; name: string }) => {
      const { faceId } = proposal;
      outbox.add({ faceId, decision, performerId: who?.id, name: who?.name ?? "" });
      setState((old) => ({
        ...old,
        ids: old.ids.filter((id) => id !== faceId),
        settled: old.settled + 1,
        history: [...old.history, faceId],
      }));
    },
    [],
  );

  const undo = React.useCallback(() => {
    const faceId = latest.current.history[latest.current.history.length - 1];
    if (faceId === undefined) return undefined;
    outbox.undo(faceId);
    setState((old) => ({
      ...old,
      ids: [faceId, ...old.ids],
      settled: old.settled - 1,
      history: old.history.filter((id) => id !== faceId),
    }));
    return faceId;
  }, []);

  const skip = React.useCallback(({ faceId }: Proposal) => {
    setState((old) =>
      old.ids.length < 2
        ? old
        : { ...old, ids: [...old.ids.filter((id) => id !== faceId), faceId], skipped: old.skipped + 1 },
    );
  }, []);

  const back = React.useCallback(() => {
    setState((old) => {
      const last = old.ids[old.ids.length - 1];
      if (old.skipped === 0 || last === undefined) return old;
      return { ...old, ids: [last, ...old.ids.slice(0, -1)], skipped: old.skipped - 1 };
    });
  }, []);

  const actions = React.useMemo(() => ({ load, more, decide, undo, skip, back }), [load, more, decide, undo, skip, back]);
  const items = React.useMemo(() => [...known.values()].flatMap((each) => [each.item, ...each.otherItems]), [known]);
  const first = state.ids[0];
  return {
    phase,
    total: facts.total,
    allWaiting: facts.all,
    people: facts.people,
    performers: facts.performers,
    settled: state.settled,
    skipped: state.skipped,
    current: first === undefined ? null : known.get(first),
    next: state.ids
      .slice(1, 1 + SHOWN_NEXT)
      .map((id) => known.get(id))
      .filter((each): each is Proposal => each !== undefined),
    pictures,
    items,
    canUndo: state.history.length > 0,
    trouble,
    actions,
  };
}

function present(pictures: Record<string, string | null>): [string, string][] {
  return Object.entries(pictures).filter((each): each is [string, string] => each[1] !== null);
}

/** Without what lies long behind. */
function pruned(known: Map<number, Proposal>, { ids, history }: State): ReadonlyMap<number, Proposal> {
  if (known.size < 2 * KEPT_BEHIND) return known;
  const wanted = new Set([...ids.slice(0, CHUNK + AHEAD), ...history.slice(-KEPT_BEHIND)]);
  return new Map([...known].filter(([id]) => wanted.has(id)));
}
