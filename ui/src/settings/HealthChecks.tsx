import "./styles.css";

import { Bootstrap, Icon, React } from "../host";
import { health, type Check, type Health } from "../operations";
import { messageOf } from "../parts/notices";
import { useText, type MessageId } from "../text";

const { Badge, Button, Spinner } = Bootstrap;

const LOOKS = {
  ok: { icon: "faCircleCheck", variant: "success", colour: "text-success" },
  warning: { icon: "faTriangleExclamation", variant: "warning", colour: "text-warning" },
  fault: { icon: "faCircleXmark", variant: "danger", colour: "text-danger" },
} as const;

const NAMES: Record<string, MessageId> = {
  stash: "compreface.health.name.stash",
  store: "compreface.health.name.store",
  models: "compreface.health.name.models",
  engine: "compreface.health.name.engine",
  people: "compreface.health.name.people",
};

type State = { kind: "working" } | { kind: "failed"; message: string } | { kind: "ready"; health: Health };

/** What the plugin depends on, each with its state and the next step. */
export function HealthChecks() {
  const text = useText();
  const [state, setState] = React.useState<State>({ kind: "working" });
  const running = React.useRef<AbortController>();
  const check = React.useCallback((deep: boolean) => {
    running.current?.abort();
    const controller = new AbortController();
    running.current = controller;
    setState({ kind: "working" });
    health(deep, controller.signal).then(
      (answer) => !controller.signal.aborted && setState({ kind: "ready", health: answer }),
      (error: unknown) =>
        !controller.signal.aborted &&
        setState({ kind: "failed", message: messageOf(error) }),
    );
  }, []);
  React.useEffect(() => {
    check(false);
    return () => running.current?.abort();
  }, [check]);

  return (
    <div className="compreface compreface-health">
      <div role="status">
        {state.kind === "working" && (
          <p>
            <Spinner animation="border" size="sm" /> {text("compreface.health.loading")}
          </p>
        )}
        {state.kind === "ready" && <Summary state={state.health.state} />}
      </div>
      {state.kind === "failed" && (
        <div className="compreface-box compreface-failed card" role="alert">
          <h6>
            <Icon name="faTriangleExclamation" /> {text("compreface.health.failed")}
          </h6>
          <p>{state.message}</p>
          <p>{text("compreface.health.failed.text")}</p>
        </div>
      )}
      {state.kind === "ready" && (
        <ul className="compreface-checks">
          {state.health.checks.map((each) => (
            <OneCheck key={each.name} check={each} />
          ))}
        </ul>
      )}
      <div className="compreface-actions">
        <Button size="sm" variant="secondary" disabled={state.kind === "working"} onClick={() => check(false)}>
          {text("compreface.health.again")}
        </Button>
        <Button size="sm" variant="secondary" disabled={state.kind === "working"} onClick={() => check(true)}>
          {text("compreface.health.deep")}
        </Button>
      </div>
    </div>
  );
}

function Summary({ state }: { state: Check["state"] }) {
  const text = useText();
  return (
    <p className="compreface-health-summary">
      <Icon name={LOOKS[state].icon} className={LOOKS[state].colour} /> {text(`compreface.health.${state}`)}
    </p>
  );
}

function OneCheck({ check }: { check: Check }) {
  const text = useText();
  const look = LOOKS[check.state];
  const name = NAMES[check.name];
  return (
    <li className="compreface-check">
      <Icon name={look.icon} className={look.colour} />
      <div>
        <strong>{name ? text(name) : check.name}</strong>{" "}
        {check.state !== "ok" && <Badge variant={look.variant}>{text(`compreface.health.state.${check.state}`)}</Badge>}
        <div className="compreface-check-message">{check.message}</div>
        {check.nextStep && (
          <div className="compreface-check-next">
            <Icon name="faArrowRight" /> {text("compreface.health.next")}: {check.nextStep}
          </div>
        )}
        {check.state === "fault" && check.lastSuccess !== null && (
          <small className="text-muted">{text("compreface.health.last", { when: text.date(check.lastSuccess) })}</small>
        )}
      </div>
    </li>
  );
}
