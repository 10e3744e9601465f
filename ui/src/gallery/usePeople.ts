import { React } from "../host";
import { undoRun } from "../operations";
import { useActing, type Acting } from "../parts/useActing";
import { useText } from "../text";
import { decideGallery, type PersonInGallery } from "./operations";

export interface People extends Acting<string> {
  people: PersonInGallery[];
  put(people: PersonInGallery[]): void;
  /** By performer: the run that undoes what was decided here. */
  undoable: ReadonlyMap<string, string>;
  /** What was decided can no longer be taken back one by one. */
  settle(): void;
  decide(decision: "accept" | "reject", who: PersonInGallery[], tagImages: boolean): void;
  /** Performers who were decided about together last, as long as they can be taken back together. */
  together: string[];
  /** One performer, or all who were decided about together. */
  undo(performerIds: string[]): void;
}

/** The people found in one gallery, and what may be said about them. `onUndone` reads them again. */
export function usePeople(
  galleryId: string,
  initial: PersonInGallery[],
  onDecided: () => void,
  onUndone: () => unknown,
): People {
  const text = useText();
  const [people, put] = React.useState(initial);
  const acting = useActing<string>();
  const [undoable, setUndoable] = React.useState<ReadonlyMap<string, string>>(new Map());
  const settle = () => setUndoable(new Map());

  const decide = (decision: "accept" | "reject", who: PersonInGallery[], tagImages: boolean) => {
    const ids = who.map((each) => each.performerId);
    acting.act(ids, async () => {
      const answer = await decideGallery(galleryId, decision, ids, tagImages);
      setUndoable((old) => new Map([...old, ...ids.map((id): [string, string] => [id, answer.runId])]));
      const now = new Map((answer.people ?? []).map((each) => [each.performerId, each]));
      // cards stay where they are; whoever was denied keeps one, for undo
      put((old) => old.map((each) => now.get(each.performerId) ?? { ...each, onGallery: false }));
      onDecided();
      const values = { name: who[0]?.name ?? "", count: ids.length };
      if (decision === "reject") return text("compreface.done.reject", values);
      return ids.length === 1 ? text("compreface.gallery.done.accept", values) : text("compreface.gallery.done.many", values);
    });
  };

  const runs = [...new Set(undoable.values())].reverse();
  const sharing = runs.map((run) => [...undoable].filter(([, each]) => each === run).map(([id]) => id));
  const together = sharing.find((ids) => ids.length > 1) ?? [];

  const undo = (performerIds: string[]) => {
    const run = undoable.get(performerIds[0] ?? "");
    if (run === undefined) return;
    const others = [...undoable].some(([id, each]) => each === run && !performerIds.includes(id));
    acting.act(performerIds, async () => {
      await (others ? undoRun(run, performerIds[0]) : undoRun(run));
      setUndoable((old) => new Map([...old].filter(([id]) => !performerIds.includes(id))));
      await onUndone();
      return text("compreface.done.undo");
    });
  };

  return { ...acting, people, put, undoable, settle, decide, together, undo };
}
