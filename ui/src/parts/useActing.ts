import { hasUnsavedEdits, React, refreshHost } from "../host";
import { messageOf } from "../messageOf";
import { useText } from "../text";

export interface Acting<Id> {
  /** Cards that something is being written about. */
  busy: ReadonlySet<Id>;
  /** Why the last thing was not done, by card. */
  refused: ReadonlyMap<Id, string>;
  /** What just happened, for the live region. */
  said: string;
  say(words: string): void;
  /** Does something while these cards wait, and says what; then brings the page up to date. */
  act(ids: readonly Id[], task: () => Promise<string>): void;
}

/** Things written about cards that stand beside each other: each waits for its own, and says what was refused. */
export function useActing<Id>(): Acting<Id> {
  const text = useText();
  const [busy, setBusy] = React.useState<ReadonlySet<Id>>(new Set());
  const [refused, setRefused] = React.useState<ReadonlyMap<Id, string>>(new Map());
  const [said, say] = React.useState("");
  const act = React.useCallback(
    (ids: readonly Id[], task: () => Promise<string>) => {
      const carryOut = async () => {
        setBusy((old) => new Set([...old, ...ids]));
        setRefused((old) => new Map([...old].filter(([id]) => !ids.includes(id))));
        try {
          if (hasUnsavedEdits()) throw new Error(text("compreface.unsaved"));
          say(await task());
          void refreshHost();
        } catch (error) {
          setRefused((old) => new Map([...old, ...ids.map((id): [Id, string] => [id, messageOf(error)])]));
        } finally {
          setBusy((old) => new Set([...old].filter((id) => !ids.includes(id))));
        }
      };
      void carryOut();
    },
    [text],
  );
  return { busy, refused, said, say, act };
}
