// What the page of a performer asks of the plugin.

import { callPlugin } from "../host";
import type { Face } from "../operations";

export interface Item {
  kind: "image" | "scene";
  id: string;
}

export interface Example {
  exampleId: number;
  origin: "own picture" | "face" | "elsewhere";
  faceId: number | null;
  quality: number;
  /** With the other examples, 0 to 1; null where there is nothing to compare with. */
  agreement: number | null;
  odd: boolean;
  crop: string | null;
  item: Item | null;
}

export interface SeenFace extends Face {
  item: Item;
}

export interface PerformerFaces {
  performerId: string;
  name: string;
  examples: Example[];
  odd: number;
  recognised: { images: number; scenes: number };
  inStash: { images: number; scenes: number; galleries: number };
  waiting: number;
  faces: SeenFace[];
  total: number;
}

/** A performer as pages name one. */
export interface Person {
  id: string;
  name: string;
}

export type Sameness = "same person" | "unsure" | "different people";

export interface Pair {
  performerIds: [string, string];
  names: [string, string];
  best: number;
  faces: number;
  verdict: Sameness;
}

export interface Comparison {
  verdict: Sameness;
  similarities: number[];
  best: number;
  median: number;
  required: number;
  /** Performer id -> why it cannot go into the other one; "" when it can. */
  merge: Record<string, string>;
}

export const PAGE = 24;

export function performerFaces(performerId: string, offset = 0, signal?: AbortSignal): Promise<PerformerFaces> {
  return callPlugin({ mode: "performerFaces", performerId, offset, limit: PAGE }, signal);
}

interface Learned {
  examples: Example[];
  odd: number;
  runId: string | null;
}

export function addExample(performerId: string, faceId: number): Promise<Learned> {
  return callPlugin({ mode: "performerExamples", performerId, addFaceId: faceId });
}

export function removeExample(performerId: string, exampleId: number): Promise<Learned> {
  return callPlugin({ mode: "performerExamples", performerId, removeExampleId: exampleId });
}

export async function duplicatesOf(performerId: string, signal?: AbortSignal): Promise<Pair[]> {
  return (await callPlugin<{ pairs: Pair[] }>({ mode: "duplicatePerformers", performerId }, signal)).pairs;
}

export async function tellApart(performerId: string, otherId: string, different: boolean): Promise<Pair[]> {
  const args = { mode: "duplicatePerformers", performerId, otherId, different };
  return (await callPlugin<{ pairs: Pair[] }>(args)).pairs;
}

export function compareFaces(performerId: string, otherId: string, signal?: AbortSignal): Promise<Comparison> {
  return callPlugin({ mode: "compareFaces", performerId, otherId }, signal);
}

/** `goneId` goes into `keepId`; the run that undoes it. */
export async function mergePerformers(keepId: string, goneId: string): Promise<string> {
  const args = { mode: "mergePerformers", performerId: keepId, otherId: goneId };
  return (await callPlugin<{ runId: string }>(args)).runId;
}
