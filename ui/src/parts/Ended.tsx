import { Bootstrap, Icon, React } from "../host";
import type { Work } from "../jobs";
import { useText } from "../text";
import { Failed } from "./notices";

const { Button } = Bootstrap;

/** What became of a long task that did not come to its end, and the way on. `title` says what failed. */
export function Ended({ work, title }: { work: Work; title: string }) {
  const text = useText();
  const { ending } = work;
  if (ending === null || ending.how === "finished") return null;
  if (ending.how === "failed") {
    return <Failed title={title} message={ending.message || text("compreface.task.no.word")} onRetry={work.again} />;
  }
  const { seen = 0, total } = ending;
  return (
    <div className="compreface-box card" role="status">
      <p>{total ? text("compreface.task.stopped.at", { seen, total }) : text("compreface.task.stopped")}</p>
      <div className="compreface-actions">
        <Button size="sm" variant="primary" onClick={work.again}>
          <Icon name="faPlay" /> <span>{text("compreface.runs.go.on")}</span>
        </Button>
      </div>
    </div>
  );
}
