import type { KeyboardEvent } from "react";

/**
 * What the keys do on a focused card (not on something inside it): `keys` by what was pressed, the arrow keys go to
 * the neighbours. Letters wait while the card is `busy`. The page, which has keys of its own, does not hear them.
 */
export function cardKeys(keys: Record<string, (() => void) | undefined>, busy = false) {
  return (event: KeyboardEvent<HTMLElement>): void => {
    const card = event.currentTarget;
    if (event.target !== card || event.ctrlKey || event.altKey || event.metaKey) return;
    const all: typeof keys = {
      ArrowDown: () => focusOn(card.nextElementSibling),
      ArrowUp: () => focusOn(card.previousElementSibling),
      ...keys,
    };
    const action = all[event.key];
    if (action === undefined || (busy && event.key.length === 1)) return;
    event.preventDefault();
    event.nativeEvent.stopPropagation();
    action();
  };
}

function focusOn(element: Element | null): void {
  if (element instanceof HTMLElement) element.focus();
}

/** A button that its own press takes away leaves the focus to the card it stands in, where the keys go on. */
export function keepFocus({ currentTarget }: { currentTarget: Element }): void {
  focusOn(currentTarget.closest("li[tabindex]"));
}
