import { React } from "../host";
import { messageOf } from "../messageOf";
import { decide, undoRun, type Candidate, type Decision, type Face, type Word } from "../operations";
import { useActing } from "../parts/useActing";
import { useText } from "../text";
import { link, removeLinked, type Linked, type StashBoxPerson } from "./stashBox";
import { isDecided, isUnjudged, named } from "./wording";

export type Step = "load" | "detect";
export type Phase =
  | { kind: "working"; step: Step }
  | { kind: "new" } // never looked at
  | { kind: "ready" }
  | { kind: "failed"; step: Step; message: string };

/** Performers made of all unknown faces at once, and the run that takes them back. */
export interface MadeTogether {
  runId: string;
  ids: number[];
  count: number;
}

interface Made {
  runId: string;
  /** As the face was before. */
  before: Face;
  linked?: Linked;
}

export interface Faces {
  phase: Phase;
  faces: Face[];
  busy: ReadonlySet<number>;
  /** What just happened, for the live region. */
  said: string;
  /** Faces that could become performers together; empty where the source cannot do that. */
  newPeople: Face[];
  made: MadeTogether | null;
  /** Why the last decision was not carried out, by face. */
  refused: ReadonlyMap<number, string>;
  /** The same object for as long as the panel is there, so that a card is drawn again for its own news only. */
  actions: Actions;
  /** `newPeople` become performers with neutral names. */
  createAll(): void;
  undoCreateAll(): void;
}

export interface Actions {
  detect(): void;
  cancel(): void;
  load(): void;
  accept(face: Face, who: { id: string; name: string }): void;
  acceptAll(faces: Face[]): void;
  say(face: Face, word: Exclude<Word, "accept" | "undo">, who?: Candidate): void;
  undo(faces: Face[]): void;
  create(face: Face, name: string, person?: StashBoxPerson): void;
}

/** Where faces come from: one image, or one scene. The same object for as long as it is the same one. */
export interface Source {
  /** What is known without looking. */
  known(signal: AbortSignal): Promise<{ faces: Face[]; scannedAt: number | null }>;
  /** Looks, or remembers; writes nothing to Stash. */
  look(signal: AbortSignal): Promise<Face[]>;
  create(face: Face, name: string): Promise<{ performerId: string; name: string; runId: string }>;
  /** Performers of all unknown faces that are good enough, where that can be done. */
  createAll?(): Promise<{ faces: Face[]; created: number; runId: string }>;
  inOrder(faces: Face[]): Face[];
}

/** The faces of one item, and what may be done about them. */
export function useFaces(source: Source): Faces {
  const text = useText();
  const [phase, setPhase] = React.useState<Phase>({ kind: "working", step: "load" });
  const [faces, setFaces] = React.useState<Face[]>([]);
  const { busy, refused, said, say: tell, act } = useActing<number>();
  const [made, setMade] = React.useState<MadeTogether | null>(null);
  const created = React.useRef(new Map<number, Made>()); // performers made of a face
  const running = React.useRef<AbortController>();

  const work = React.useCallback((step: Step, task: (signal: AbortSignal) => Promise<Phase>) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setPhase({ kind: "working", step });
    task(controller.signal).then(
      (next) => !controller.signal.aborted && setPhase(next),
      (error: unknown) =>
        !controller.signal.aborted && setPhase({ kind: "failed", step, message: messageOf(error) }),
    );
  }, []);

  const look = React.useCallback(
    async (signal: AbortSignal): Promise<Phase> => {
      const seen = await source.look(signal);
      if (signal.aborted) return { kind: "ready" };
      setFaces(source.inOrder(seen));
      tell(text("compreface.done.found", { count: seen.length }));
      return { kind: "ready" };
    },
    [source, tell, text],
  );

  const detect = React.useCallback(() => work("detect", look), [work, look]);

  const load = React.useCallback(
    () =>
      work("load", async (signal) => {
        const answer = await source.known(signal);
        if (signal.aborted) return { kind: "new" };
        setFaces(source.inOrder(answer.faces));
        const seen = answer.faces.length > 0;
        if (!seen && answer.scannedAt === null) return { kind: "new" };
        // An item may count as scanned by its tag alone; looking at what is remembered costs little.
        return !seen || answer.faces.some(isUnjudged) ? look(signal) : { kind: "ready" };
      }),
    [source, work, look],
  );

  React.useEffect(() => {
    load();
    return () => running.current?.abort();
  }, [load]);

  const cancel = React.useCallback(() => {
    running.current?.abort();
    setPhase({ kind: "new" });
  }, []);

  /** The answer says how the faces are judged now, which another page may have had a hand in. */
  const settle = React.useCallback(async (decisions: Decision[]): Promise<Face[]> => {
    const answer = await decide(decisions);
    const after = new Map(answer.map((face) => [face.id, face]));
    setFaces((old) => old.map((face) => merged(face, after.get(face.id), decisions)));
    return answer;
  }, []);

  const accept = React.useCallback(
    (face: Face, who: { id: string; name: string }) => {
      act([face.id], async () => {
        await settle([{ faceId: face.id, decision: "accept", performerId: who.id }]);
        return text("compreface.done.accept", { name: who.name });
      });
    },
    [act, settle, text],
  );

  const acceptAll = React.useCallback(
    (chosen: Face[]) => {
      const decisions = chosen.map((face): Decision => {
        return { faceId: face.id, decision: "accept", performerId: named(face)?.performerId };
      });
      act(chosen.map((face) => face.id), async () => {
        await settle(decisions);
        return text("compreface.done.many", { count: chosen.length });
      });
    },
    [act, settle, text],
  );

  const say = React.useCallback(
    (face: Face, word: Exclude<Word, "accept" | "undo">, who?: Candidate) => {
      act([face.id], async () => {
        await settle([{ faceId: face.id, decision: word, performerId: who?.performerId }]);
        return text(`compreface.done.${word}`, { name: who?.name ?? "" });
      });
    },
    [act, settle, text],
  );

  const undo = React.useCallback(
    (chosen: Face[]) => {
      const said = new Set(chosen.map((face) => face.id));
      act([...said], async () => {
        for (const { id } of chosen) {
          const made = created.current.get(id);
          if (made === undefined) continue;
          await undoRun(made.runId);
          if (made.linked !== undefined) await removeLinked(made.linked);
          created.current.delete(id);
          setFaces((all) => all.map((each) => (each.id === id ? made.before : each)));
          said.delete(id);
        }
        const decisions = [...said].map((faceId): Decision => ({ faceId, decision: "undo" }));
        const after = decisions.length > 0 ? await settle(decisions) : [];
        if (after.some(isUnjudged)) await look(new AbortController().signal);
        return text("compreface.done.undo");
      });
    },
    [act, settle, look, text],
  );

  const create = React.useCallback(
    (face: Face, name: string, person?: StashBoxPerson) => {
      act([face.id], async () => {
        const made = await source.create(face, name);
        created.current.set(face.id, { runId: made.runId, before: face });
        setFaces((old) => old.map((each) => (each.id === face.id ? confirmedAs(each, made) : each)));
        if (person !== undefined) {
          const linked = await link(made.performerId, person);
          created.current.set(face.id, { runId: made.runId, before: face, linked });
        }
        return text("compreface.done.create", { name: made.name });
      });
    },
    [act, source, text],
  );

  const newPeople = React.useMemo(
    () => (source.createAll === undefined ? [] : faces.filter((face) => face.newPerson === true && !isDecided(face))),
    [source, faces],
  );

  const createAll = React.useCallback(() => {
    const ids = newPeople.map((face) => face.id);
    act(ids, async () => {
      if (source.createAll === undefined) return "";
      const { faces: after, created: count, runId } = await source.createAll();
      setFaces(source.inOrder(after));
      if (count > 0) setMade({ runId, ids, count });
      return text("compreface.done.create.all", { count });
    });
  }, [act, source, newPeople, text]);

  const undoCreateAll = React.useCallback(() => {
    if (made === null) return;
    act(made.ids, async () => {
      await undoRun(made.runId);
      setMade(null);
      await look(new AbortController().signal);
      return text("compreface.done.undo");
    });
  }, [act, made, look, text]);

  const actions = React.useMemo(
    () => ({ detect, cancel, load, accept, acceptAll, say, undo, create }),
    [detect, cancel, load, accept, acceptAll, say, undo, create],
  );
  return { phase, faces, newPeople, made, busy, said, refused, actions, createAll, undoCreateAll };
}

/** The answer to a decision over what was shown: crops stay, and candidates where the answer brings none. */
function merged(face: Face, after: Face | undefined, decisions: Decision[]): Face {
  if (after === undefined) return face;
  const mine = decisions.find((each) => each.faceId === face.id);
  const denied = mine?.decision === "reject" ? mine.performerId : undefined;
  const candidates = after.candidates.length > 0 ? after.candidates : face.candidates;
  const { crop, appearances, bestFrame, sightings, previewOnly } = face; // of seeing, not of judging
  return {
    ...after,
    ...{ crop, appearances, bestFrame, sightings, previewOnly },
    required: after.required ?? face.required,
    candidates: candidates.filter((each) => each.performerId !== denied),
  };
}

function confirmedAs(face: Face, made: { performerId: string; name: string }): Face {
  const first = { performerId: made.performerId, name: made.name, similarity: 1, inLibrary: true };
  return { ...face, verdict: "accept", reasonCode: "said.confirmed", candidates: [first, ...face.candidates] };
}
