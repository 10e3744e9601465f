import { React } from "../host";
import { messageOf } from "../messageOf";

/** Something done by a press: one at a time, with its fault. */
export function useDoing(): { busy: boolean; fault: string; run: (task: () => Promise<unknown>) => void } {
  const [busy, setBusy] = React.useState(false);
  const [fault, setFault] = React.useState("");
  const here = React.useRef(true);
  React.useEffect(
    () => () => {
      here.current = false;
    },
    [],
  );
  const run = React.useCallback((task: () => Promise<unknown>) => {
    setBusy(true);
    setFault("");
    task()
      .catch((error: unknown) => here.current && setFault(messageOf(error)))
      .finally(() => here.current && setBusy(false));
  }, []);
  return { busy, fault, run };
}
