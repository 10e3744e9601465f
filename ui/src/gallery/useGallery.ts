import { hasUnsavedEdits, React, refreshHost } from "../host";
import { useWork, type Work } from "../jobs";
import { undoRun } from "../operations";
import { messageOf } from "../parts/notices";
import { useText } from "../text";
import { decideGallery, galleryResult, type PersonInGallery } from "./operations";

const MODE = "identifyGallery";

export type Phase =
  | { kind: "loading" }
  | { kind: "new" }
  | { kind: "ready" }
  | { kind: "failed"; message: string };

export interface GalleryFaces {
  phase: Phase;
  people: PersonInGallery[];
  /** Images that could not be looked at. */
  failed: number;
  work: Work;
  /** Performers something is being written about. */
  busy: ReadonlySet<string>;
  refused: ReadonlyMap<string, string>;
  /** By performer: the run that undoes what was decided here. */
  undoable: ReadonlyMap<string, string>;
  said: string;
  /** Grows when the unknown people may have changed. */
  generation: number;
  load(): void;
  find(): void;
  decide(decision: "accept" | "reject", who: PersonInGallery[], tagImages: boolean): void;
  undo(performerId: string): void;
  changed(said: string): void;
}

/** Who is in one gallery, and what may be done about it. */
export function useGallery(galleryId: string): GalleryFaces {
  const text = useText();
  const [phase, setPhase] = React.useState<Phase>({ kind: "loading" });
  const [people, setPeople] = React.useState<PersonInGallery[]>([]);
  const [failed, setFailed] = React.useState(0);
  const [busy, setBusy] = React.useState<ReadonlySet<string>>(new Set());
  const [refused, setRefused] = React.useState<ReadonlyMap<string, string>>(new Map());
  const [undoable, setUndoable] = React.useState<ReadonlyMap<string, string>>(new Map());
  const [said, setSaid] = React.useState("");
  const [generation, setGeneration] = React.useState(0);
  const reading = React.useRef<AbortController>();

  const read = React.useCallback(async (): Promise<void> => {
    reading.current?.abort();
    const controller = new AbortController();
    reading.current = controller;
    try {
      const answer = await galleryResult(galleryId, controller.signal);
      if (controller.signal.aborted) return;
      setPeople(answer.people ?? []);
      setFailed(answer.failed ?? 0);
      setPhase({ kind: answer.people === null ? "new" : "ready" });
      setGeneration((old) => old + 1);
    } catch (error) {
      if (!controller.signal.aborted) setPhase({ kind: "failed", message: messageOf(error) });
    }
  }, [galleryId]);

  const load = React.useCallback(() => {
    setPhase({ kind: "loading" });
    void read();
  }, [read]);
  React.useEffect(() => {
    load();
    return () => reading.current?.abort();
  }, [load]);

  const work = useWork(`gallery ${galleryId}`, ({ how }) => {
    if (how === "finished") setSaid(text("compreface.gallery.done"));
    if (how !== "failed") void read();
  });
  const find = () => {
    setSaid("");
    setUndoable(new Map());
    const args = { mode: MODE, galleryId, associateExisting: false };
    work.start({ description: text("compreface.gallery.task", { id: galleryId }) }, args);
  };

  /** Does something about performers while their cards wait, then brings the page up to date. */
  const act = async (ids: string[], task: () => Promise<string>) => {
    setBusy((old) => new Set([...old, ...ids]));
    setRefused((old) => new Map([...old].filter(([id]) => !ids.includes(id))));
    try {
      if (hasUnsavedEdits()) throw new Error(text("compreface.unsaved"));
      setSaid(await task());
      setGeneration((old) => old + 1);
      void refreshHost();
    } catch (error) {
      setRefused((old) => new Map([...old, ...ids.map((id): [string, string] => [id, messageOf(error)])]));
    } finally {
      setBusy((old) => new Set([...old].filter((id) => !ids.includes(id))));
    }
  };

  const decide = (decision: "accept" | "reject", who: PersonInGallery[], tagImages: boolean) => {
    const ids = who.map((each) => each.performerId);
    void act(ids, async () => {
      const answer = await decideGallery(galleryId, decision, ids, tagImages);
      setUndoable((old) => new Map([...old, ...ids.map((id): [string, string] => [id, answer.runId])]));
      const now = new Map((answer.people ?? []).map((each) => [each.performerId, each]));
      // cards stay where they are; whoever was denied keeps one, for undo
      setPeople((old) => old.map((each) => now.get(each.performerId) ?? { ...each, onGallery: false }));
      const values = { name: who[0]?.name ?? "", count: ids.length };
      if (decision === "reject") return text("compreface.done.reject", values);
      return ids.length === 1 ? text("compreface.gallery.done.accept", values) : text("compreface.gallery.done.many", values);
    });
  };

  const undo = (performerId: string) => {
    const run = undoable.get(performerId);
    if (run === undefined) return;
    const together = [...undoable].filter(([, each]) => each === run).map(([id]) => id);
    void act(together, async () => {
      await undoRun(run);
      setUndoable((old) => new Map([...old].filter(([, each]) => each !== run)));
      await read();
      return text("compreface.done.undo");
    });
  };

  const changed = (what: string) => {
    setSaid(what);
    setGeneration((old) => old + 1);
    void read();
    void refreshHost();
  };

  return { phase, people, failed, work, busy, refused, undoable, said, generation, load, find, decide, undo, changed };
}
