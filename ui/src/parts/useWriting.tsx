import { removeLinked, type Linked } from "../faces/stashBox";
import { Bootstrap, hasUnsavedEdits, React, refreshHost } from "../host";
import { undoRun } from "../operations";
import { useText } from "../text";
import { Failed } from "./notices";
import { Undo } from "./Undo";
import { useDoing } from "./useDoing";

/** What was written last, and the run that takes it back, where there is one. */
export interface Done {
  words: string;
  runId: string | null;
  linked?: Linked | undefined;
}

export interface Writing {
  busy: boolean;
  fault: string;
  done: Done | null;
  /** Null of the task: what comes of it is known later. */
  write(task: () => Promise<Done | null>): void;
  /** Something that was written otherwise: by a long task. */
  note(done: Done | null): void;
  undo(): void;
}

/** Something written by a press: one at a time, kept to be taken back. The page is brought up to date afterwards. */
export function useWriting(onWritten: () => void): Writing {
  const text = useText();
  const [done, setDone] = React.useState<Done | null>(null);
  const { busy, fault, run } = useDoing();
  const note = (made: Done | null) => {
    setDone(made);
    if (made !== null) onWritten();
  };
  const write = (task: () => Promise<Done | null>) =>
    run(async () => {
      if (hasUnsavedEdits()) throw new Error(text("compreface.unsaved"));
      note(await task());
      void refreshHost();
    });
  const undo = () =>
    write(async () => {
      if (done?.runId != null) await undoRun(done.runId);
      if (done?.linked !== undefined) await removeLinked(done.linked);
      return { words: text("compreface.done.undo"), runId: null };
    });
  return { busy, fault, done, write, note, undo };
}

/** What was written last, with the way back, and what went wrong; in sight wherever the list below stands. */
export function Written({ writing }: { writing: Writing }) {
  const text = useText();
  const { busy, fault, done, undo } = writing;
  return (
    <div className="compreface-written">
      <div role="status" aria-live="polite">
        {done && (
          <div className="compreface-box card">
            <Undo words={done.words} busy={busy} onUndo={done.runId === null ? undefined : undo} />
          </div>
        )}
        {busy && <Bootstrap.Spinner animation="border" size="sm" />}
      </div>
      {fault !== "" && <Failed title={text("compreface.failed.write")} message={fault} />}
    </div>
  );
}
