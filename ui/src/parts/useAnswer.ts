import { React } from "../host";
import { messageOf } from "../messageOf";

export type Answered<Value> =
  | { kind: "working"; before?: Value | undefined } // the answer to the question before
  | { kind: "failed"; message: string }
  | { kind: "ready"; value: Value };

export interface Asked<Value> {
  state: Answered<Value>;
  again(): void;
  /** Puts what a later answer brought in the place of the first one. */
  put(change: (value: Value) => Value): void;
}

/** Asks when the component comes and when `ask` changes (keep it by useCallback); ends the question when it goes. */
export function useAnswer<Value>(ask: (signal: AbortSignal) => Promise<Value>): Asked<Value> {
  const [state, setState] = React.useState<Answered<Value>>({ kind: "working" });
  const [turn, setTurn] = React.useState(0);
  React.useEffect(() => {
    const controller = new AbortController();
    setState((old) => ({ kind: "working", before: valueOf(old) }));
    ask(controller.signal).then(
      (value) => !controller.signal.aborted && setState({ kind: "ready", value }),
      (error: unknown) => !controller.signal.aborted && setState({ kind: "failed", message: messageOf(error) }),
    );
    return () => controller.abort();
  }, [ask, turn]);
  const again = React.useCallback(() => setTurn((old) => old + 1), []);
  const put = React.useCallback(
    (change: (value: Value) => Value) =>
      setState((old) => (old.kind === "ready" ? { kind: "ready", value: change(old.value) } : old)),
    [],
  );
  return { state, again, put };
}

/** What there is to show: the answer, or the one before while another is awaited. */
export function valueOf<Value>(state: Answered<Value>): Value | undefined {
  if (state.kind === "ready") return state.value;
  return state.kind === "working" ? state.before : undefined;
}
