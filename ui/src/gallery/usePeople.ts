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
  undo(performerId: string): void;
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

  const undo = (performerId: string) => {
    const run = undoable.get(performerId);
    if (run === undefined) return;
    const together = [...undoable].filter(([, each]) => each === run).map(([id]) => id);
    acting.act(together, async () => {
      await undoRun(run);
      setUndoable((old) => new Map([...old].filter(([, each]) => each !== run)));
      await onUndone();
      return text("compreface.done.undo");
    });
  };

  return { ...acting, people, put, undoable, settle, decide, undo };
}
