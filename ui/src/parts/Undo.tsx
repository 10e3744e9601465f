import { Bootstrap, React } from "../host";
import { useText } from "../text";

/** What was done, and a way back where there is one. */
export function Undo({ words, busy, onUndo }: { words: string; busy: boolean; onUndo?: (() => void) | undefined }) {
  const text = useText();
  return (
    <p className="compreface-undo">
      {words}{" "}
      {onUndo && (
        <Bootstrap.Button size="sm" variant="secondary" disabled={busy} onClick={onUndo}>
          {text("compreface.undo")}
        </Bootstrap.Button>
      )}
    </p>
  );
}
