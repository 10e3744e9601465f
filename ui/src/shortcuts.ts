// Our keys: "x", and then another one. The host's own library for keys would let the second one through to whoever
// listens below it: the player of a scene, which has the focus from the start, goes to full screen at "f".

import { React } from "./host";

const PREFIX = "x"; // free on every page of the host
const WITHIN_MS = 1000; // between the two
const TYPING = "input:not([type=checkbox], [type=radio], [type=button]), textarea, select, [contenteditable=true]";
const COVERED = ".modal.show, .Lightbox"; // what lies over the page has keys of its own

const bound = new Map<string, (() => void)[]>();
let prefixAt = Number.NEGATIVE_INFINITY;

function onKeyDown(event: KeyboardEvent): void {
  if (event.ctrlKey || event.altKey || event.metaKey || event.repeat) return;
  if (event.target instanceof Element && event.target.closest(TYPING) !== null) return;
  const action = bound.get(event.key)?.slice(-1)[0];
  const following = event.timeStamp - prefixAt <= WITHIN_MS;
  prefixAt = event.key === PREFIX ? event.timeStamp : Number.NEGATIVE_INFINITY;
  if (!following || action === undefined || document.querySelector(COVERED) !== null) return;
  event.preventDefault();
  event.stopPropagation();
  prefixAt = Number.NEGATIVE_INFINITY;
  action();
}

/** A key after "x", for as long as the calling component is there. Of several with the same key the last one counts. */
export function useShortcut(key: string, action: () => void): void {
  const latest = React.useRef(action);
  latest.current = action;
  React.useEffect(() => {
    const run = () => latest.current();
    if (bound.size === 0) window.addEventListener("keydown", onKeyDown, true);
    bound.set(key, [...(bound.get(key) ?? []), run]);
    return () => {
      const others = (bound.get(key) ?? []).filter((each) => each !== run);
      if (others.length > 0) bound.set(key, others);
      else bound.delete(key);
      if (bound.size === 0) window.removeEventListener("keydown", onKeyDown, true);
    };
  }, [key]);
}

/** As it is shown to people. */
export function shortcutName(key: string): string {
  return `${PREFIX} ${key}`;
}
