import { React } from "../host";
import { itemsOfStash, keyOf, type ItemOfStash, type ItemRef } from "./api";

const NONE: ReadonlyMap<string, ItemOfStash> = new Map();

/** Titles and pictures of items, as far as they came; what uses them works without. */
export function useItems(items: readonly ItemRef[]): ReadonlyMap<string, ItemOfStash> {
  const [found, setFound] = React.useState(NONE);
  const key = React.useMemo(() => [...new Set(items.map(keyOf))].sort().join("\n"), [items]);
  React.useEffect(() => {
    let wanted = true;
    const missing = key
      .split("\n")
      .filter((each) => each !== "" && !found.has(each))
      .map((each) => ({ kind: each.split(" ")[0] ?? "", id: each.split(" ")[1] ?? "" }));
    if (missing.length === 0) return undefined;
    itemsOfStash(missing).then(
      (answer) => wanted && answer.size > 0 && setFound((old) => new Map([...old, ...answer])),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [key]);
  return found;
}
