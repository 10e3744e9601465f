// Groups of faces nobody was recognised in, one group a person: what is asked about them, and what can be said.

import { callPlugin } from "../host";
import type { Face } from "../operations";

interface Item {
  kind: string;
  id: string;
}

export interface Near {
  performerId: string;
  name: string;
  inLibrary: boolean;
  similarity: number;
}

export interface Group {
  id: number;
  faces: number;
  items: Item[];
  /** The best face. */
  crop: string | null;
  nearest: Near[];
  samples: { id: number; crop: string | null }[];
}

const WORTH_SAYING = 0.3; // similarity: below it, the nearest is nobody in particular

/** Performers of the library who look a little like the group. */
export function alike(group: Group): Near[] {
  return group.nearest.filter((each) => each.inLibrary && each.similarity >= WORTH_SAYING);
}

export interface GroupsAnswer {
  clusters: Group[];
  total: number;
  upToDate: boolean;
  /** So many faces make a performer when all are made at once. */
  minFacesPerPerson: number;
}

export interface GroupFace extends Face {
  item: Item;
}

interface Which {
  limit: number;
  offset?: number;
  minFaces: number;
  samples?: number;
  /** Groups them anew. */
  refresh?: boolean;
  /** Groups with a face in that gallery. */
  galleryId?: string;
}

export function groups(which: Which, signal?: AbortSignal): Promise<GroupsAnswer> {
  return callPlugin({ mode: "clusters", action: "list", ...which }, signal);
}

export function groupFaces(
  cluster: number,
  page: { offset: number; limit: number },
  signal?: AbortSignal,
): Promise<{ faces: GroupFace[]; total: number }> {
  return callPlugin({ mode: "clusters", action: "faces", cluster, ...page }, signal);
}

/** A whole group, or only some of its faces. */
export type Some = { cluster: number } | { faceIds: number[] };

/** Somebody of the library, or somebody new by name; without a name, a neutral one. */
export type Whom = { id: string } | { name: string };

export interface Named {
  performerId: string;
  name: string;
  runId: string;
  items: number;
}

export function nameGroup(which: Some, who: Whom): Promise<Named> {
  const whom = "id" in who ? { performerId: who.id } : { name: who.name };
  return callPlugin({ mode: "clusters", action: "name", ...which, ...whom });
}

export function ignoreGroup(which: Some): Promise<{ runId: string }> {
  return callPlugin({ mode: "clusters", action: "ignore", ...which });
}

export function mergeGroups(ids: number[]): Promise<unknown> {
  return callPlugin({ mode: "clusters", action: "merge", clusters: ids });
}

export function splitGroup(cluster: number, faceIds: number[]): Promise<unknown> {
  return callPlugin({ mode: "clusters", action: "split", cluster, faceIds });
}
