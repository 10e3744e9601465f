import { Bootstrap, React } from "../host";
import type { Work } from "../jobs";
import { useText } from "../text";

const { Button } = Bootstrap;

/** How far a long task is, and its stop button. `words` say what it does. */
export function Progress({ work, words }: { work: Work; words: string }) {
  const text = useText();
  const { job } = work;
  const waiting = job === null || job.status === "READY";
  const stopping = job?.status === "STOPPING";
  const percent = Math.round((job?.progress ?? 0) * 100);
  const label = waiting ? text(work.passed ? "compreface.task.passed" : "compreface.task.waiting") : words;
  return (
    <div className="compreface-progress">
      <p role="status">{label}</p>
      <div className="progress">
        <div
          role="progressbar"
          className={`progress-bar progress-bar-striped${waiting ? " progress-bar-animated" : ""}`}
          style={{ width: `${waiting ? 100 : percent}%` }}
          aria-label={label}
          aria-valuemin={0}
          aria-valuemax={100}
          aria-valuenow={waiting ? undefined : percent}
        />
      </div>
      <div className="compreface-actions">
        <Button size="sm" variant="secondary" disabled={stopping} onClick={work.stop}>
          {text(stopping ? "compreface.task.stopping" : "compreface.task.stop")}
        </Button>
        {!waiting && <span>{text.percent(percent / 100)}</span>}
      </div>
    </div>
  );
}
