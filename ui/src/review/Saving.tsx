import { Bootstrap, Icon, React } from "../host";
import { useText, type MessageId } from "../text";
import { outbox, type Entry, type OutboxState } from "./outbox";

const { Button, Spinner } = Bootstrap;

const WORDS: Record<Entry["decision"], MessageId> = {
  accept: "compreface.accept",
  reject: "compreface.reject",
  notAFace: "compreface.notAFace",
  ignore: "compreface.ignore",
};

/** Whether what was decided has reached the library. */
export function Saving({ state }: { state: OutboxState }) {
  const text = useText();
  if (state.trouble !== "") {
    return (
      <div className="compreface-box compreface-failed card" role="alert">
        <h6>
          <Icon name="faTriangleExclamation" /> {text("compreface.saving.trouble", { count: state.unsaved })}
        </h6>
        <p>{state.trouble}</p>
        <p className="text-muted">{text("compreface.saving.kept")}</p>
        <div className="compreface-actions">
          <Button size="sm" variant="primary" onClick={outbox.tryNow}>
            {text("compreface.retry")}
          </Button>
          <Button size="sm" variant="secondary" onClick={outbox.discard}>
            {text("compreface.saving.discard")}
          </Button>
        </div>
      </div>
    );
  }
  return (
    <p className="compreface-saving text-muted">
      {state.unsaved > 0 && (
        <>
          <Spinner animation="border" size="sm" /> {text("compreface.saving.now", { count: state.unsaved })}
        </>
      )}
      {state.unsaved === 0 && state.saved > 0 && (
        <>
          <Icon name="faCheck" className="text-success" /> {text("compreface.saving.done", { count: state.saved })}
        </>
      )}
    </p>
  );
}

/** Decisions that could not be carried out. */
export function Refused({ state }: { state: OutboxState }) {
  const text = useText();
  if (state.refused.size === 0) return null;
  return (
    <div className="compreface-box compreface-failed card" role="alert">
      <h6>
        <Icon name="faTriangleExclamation" /> {text("compreface.saving.refused", { count: state.refused.size })}
      </h6>
      <ul className="compreface-refusals">
        {[...state.refused.values()].map(({ entry, reason }) => (
          <li key={entry.faceId}>
            <strong>
              {text(WORDS[entry.decision])} <bdi>{entry.name}</bdi>
            </strong>
            : {reason}{" "}
            <Button size="sm" variant="secondary" onClick={() => outbox.add(entry)}>
              {text("compreface.retry")}
            </Button>{" "}
            <Button size="sm" variant="secondary" onClick={() => outbox.undo(entry.faceId)}>
              {text("compreface.saving.forget")}
            </Button>
          </li>
        ))}
      </ul>
    </div>
  );
}
