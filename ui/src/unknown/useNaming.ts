import { link, type StashBoxPerson } from "../faces/stashBox";
import { useWriting, type Writing } from "../parts/useWriting";
import { useText } from "../text";
import { ignoreGroup, nameGroup, type Some, type Whom } from "./operations";

export interface Naming extends Writing {
  /** `elsewhere`: the stash-box entry that the new performer is linked to. */
  name(which: Some, who: Whom, elsewhere?: StashBoxPerson): void;
  ignore(which: Some): void;
}

/** Unknown people get a name, or are set aside; what was done last can be taken back. */
export function useNaming(onWritten: () => void): Naming {
  const text = useText();
  const writing = useWriting(onWritten);
  const name = (which: Some, who: Whom, elsewhere?: StashBoxPerson) =>
    writing.write(async () => {
      const made = await nameGroup(which, who);
      const linked = elsewhere && (await link(made.performerId, elsewhere));
      const words = text("compreface.clusters.named", { name: made.name, count: made.items });
      return { words, runId: made.runId, linked };
    });
  const ignore = (which: Some) =>
    writing.write(async () => ({ words: text("compreface.done.ignore"), runId: (await ignoreGroup(which)).runId }));
  return { ...writing, name, ignore };
}
