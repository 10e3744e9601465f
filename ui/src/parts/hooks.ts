import { React } from "../host";
import { pictures } from "../operations";

/** Addresses of the performers' pictures by id; what uses them works without. */
export function usePictures(performerIds: readonly string[]): ReadonlyMap<string, string> {
  const [found, setFound] = React.useState<ReadonlyMap<string, string>>(new Map());
  const key = [...new Set(performerIds)].sort().join(",");
  React.useEffect(() => {
    if (key === "") return undefined;
    let wanted = true;
    pictures(key.split(",")).then(
      (answer) => wanted && setFound(answer),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [key]);
  return found;
}

/** A choice that this browser remembers. */
export function useRemembered(key: string, initial: boolean): [boolean, (value: boolean) => void] {
  const [value, setValue] = React.useState(() => {
    try {
      return (localStorage.getItem(key) ?? String(initial)) === "true";
    } catch {
      return initial; // storage may be forbidden
    }
  });
  const set = (next: boolean) => {
    setValue(next);
    try {
      localStorage.setItem(key, String(next));
    } catch {
      // kept for this page only
    }
  };
  return [value, set];
}
