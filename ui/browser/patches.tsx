// Patches, as Stash applies them, and the registry of components.

import type * as React from "react";

export type Fn = (...args: unknown[]) => unknown;

const patches: Record<"before" | "instead" | "after", Record<string, Fn[]>> = { before: {}, instead: {}, after: {} };

export function register(kind: keyof typeof patches) {
  return (name: string, fn: Fn) => {
    (patches[kind][name] ??= []).push(fn);
  };
}

export function patched(name: string, fn: Fn): Fn {
  return (...given) => {
    let args = given;
    for (const before of patches.before[name] ?? []) args = before(...args) as unknown[];
    const chain = (patches.instead[name] ?? []).reduceRight<Fn>(
      (next, instead) =>
        (...rest) =>
          instead(...rest, next),
      fn,
    );
    let result = chain(...args);
    for (const after of patches.after[name] ?? []) result = after(...args, result);
    return result;
  };
}

export function component<Props>(name: string, fn: (props: Props) => React.ReactElement | null) {
  const Patched = patched(name, fn as Fn) as unknown as React.FC<Props>;
  components[name] = Patched;
  return Patched;
}

export const components: Record<string, unknown> = {};
