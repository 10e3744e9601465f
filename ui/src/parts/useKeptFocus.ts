import type { RefObject } from "react";
import { React } from "../host";

const ROW = "li";
const FOCUSABLE = "button, input, select, textarea, a[href]";

/**
 * For a list that is worked off by keys: what had the focus goes with its row, or is switched off while something is
 * written, and the browser drops the focus then. It goes back, or to what has taken the row's place. The element needs
 * tabIndex -1: where nothing is left, it has the focus itself.
 */
export function useKeptFocus<Element extends HTMLElement>(): RefObject<Element> {
  const list = React.useRef<Element>(null);
  const last = React.useRef<{ element: HTMLElement; row: number } | null>(null);
  React.useEffect(() => {
    const noted = (event: FocusEvent) => {
      const element = event.target;
      if (!(element instanceof HTMLElement) || element.closest(".modal") !== null) return;
      const inside = list.current?.contains(element) === true;
      last.current = inside ? { element, row: rows(list.current).indexOf(element.closest<HTMLElement>(ROW)) } : null;
    };
    const forget = () => {
      last.current = null; // whoever points, or goes on behind the page, does not look for it here
    };
    const left = ({ target, relatedTarget }: FocusEvent) => {
      const gone = () => target instanceof HTMLElement && (!target.isConnected || target.matches(":disabled"));
      if (relatedTarget === null) window.setTimeout(() => gone() || document.activeElement === target || forget());
    };
    document.addEventListener("focusin", noted);
    document.addEventListener("focusout", left);
    document.addEventListener("pointerdown", forget);
    return () => {
      document.removeEventListener("focusin", noted);
      document.removeEventListener("focusout", left);
      document.removeEventListener("pointerdown", forget);
    };
  }, []);
  React.useEffect(() => {
    if (last.current === null || list.current === null || document.activeElement !== document.body) return;
    const { element, row } = last.current;
    const target = element.isConnected ? element : successor(list.current, row);
    if (target?.matches(":disabled") === false) target.focus();
  });
  return list;
}

function rows(list: HTMLElement | null): (HTMLElement | null)[] {
  return [...(list?.querySelectorAll<HTMLElement>(ROW) ?? [])];
}

function successor(list: HTMLElement, row: number): HTMLElement | null {
  const left = rows(list);
  const place = left[Math.min(row, left.length - 1)];
  return (place ?? list).querySelector<HTMLElement>(FOCUSABLE) ?? list;
}
