// Patches, as Stash applies them, and the registry of components.

import type * as React from "react";

export type Fn = (...args: unknown[]) => unknown;

/** In which 0.x a name became a patch point; those that are not here were there before 0.27. */
const SINCE: Record<string, number> = {
  PluginSettings: 27,
  ImageDetailPanel: 27,
  PerformerDetailsPanel: 27,
  ScenePage: 28,
  "ScenePage.Tabs": 28,
  "ScenePage.TabContent": 28,
  ScenePlayer: 28,
  PerformerPage: 28,
  PerformerSelect: 25,
  RatingSystem: 29,
  GalleryImagesPanel: 30,
  ImageList: 30,
  ImageCard: 31,
  FilteredImageList: 31,
};

export const NEWEST = 31;

/** The host's version, as 0.x: newer names are no patch points, and newer members of PluginApi are absent. */
export const VERSION = Number(new URLSearchParams(location.search).get("stash")?.split(".")[1] ?? NEWEST);

/** A member of PluginApi that came with a version; an empty object before. */
export function since<Member extends object>(version: number, member: Member): Partial<Member> {
  return version > VERSION ? {} : member;
}

const patches: Record<"before" | "instead" | "after", Record<string, Fn[]>> = { before: {}, instead: {}, after: {} };

export function register(kind: keyof typeof patches) {
  return (name: string, fn: Fn) => {
    (patches[kind][name] ??= []).push(fn);
  };
}

export function patched(name: string, fn: Fn): Fn {
  if ((SINCE[name] ?? 0) > VERSION) return fn;
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
  if ((SINCE[name] ?? 0) <= VERSION) components[name] = Patched;
  return Patched;
}

export const components: Record<string, unknown> = {};
