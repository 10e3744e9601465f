import type { ReactNode } from "react";
import { React } from "../host";

/** What a pane holds from its first showing on. Without a transition, react-bootstrap's panes pass over mountOnEnter. */
export function Opened({ shown, children }: { shown: boolean; children: ReactNode }) {
  const once = React.useRef(false);
  once.current ||= shown;
  return once.current ? <>{children}</> : null;
}
