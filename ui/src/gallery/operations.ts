import { callPlugin } from "../host";

export interface PersonInGallery {
  performerId: string;
  name: string;
  /** Images on which the person was accepted, and others on which only proposed. */
  imageIds: string[];
  proposedOn: string[];
  best: number;
  mean: number;
  /** Above the line: seen on enough images. */
  sure: boolean;
  onGallery: boolean;
}

export interface GalleryAnswer {
  /** Null when nobody looked yet. */
  people: PersonInGallery[] | null;
  errors?: Record<string, string>;
  failed?: number;
  runId?: string;
}

export interface UnknownPerson {
  id: number;
  faces: number;
  items: { kind: string; id: string }[];
  crop: string | null;
  nearest: { performerId: string; name: string; inLibrary: boolean; similarity: number }[];
}

export function galleryResult(galleryId: string, signal?: AbortSignal): Promise<GalleryAnswer> {
  return callPlugin({ mode: "galleryResult", galleryId }, signal);
}

/** The answer's runId undoes it. Without performers: everybody who is sure. */
export function decideGallery(
  galleryId: string,
  decision: "accept" | "reject",
  performerIds: string[] | undefined,
  tagImages: boolean,
): Promise<GalleryAnswer & { runId: string }> {
  return callPlugin({ mode: "decideGallery", galleryId, decision, performerIds, tagImages });
}

export interface UnknownAnswer {
  clusters: UnknownPerson[];
  total: number;
  /** So many faces make a performer when all are made at once. */
  minFacesPerPerson: number;
}

export function unknownIn(galleryId: string, limit: number): Promise<UnknownAnswer> {
  return callPlugin({ mode: "clusters", action: "list", galleryId, minFaces: 1, limit });
}

export function nameUnknown(cluster: number, who: { id: string } | { name: string }): Promise<{ runId: string; name: string; performerId: string }> {
  const whom = "id" in who ? { performerId: who.id } : { name: who.name };
  return callPlugin({ mode: "clusters", action: "name", cluster, ...whom });
}

export function ignoreUnknown(cluster: number): Promise<{ runId: string }> {
  return callPlugin({ mode: "clusters", action: "ignore", cluster });
}

/** The arguments of a task: whoever is unknown and seen often enough becomes a performer on the gallery. */
export function createAll(galleryId: string, tagImages: boolean): Record<string, unknown> {
  return { mode: "identifyGallery", galleryId, associateExisting: false, createPerformer: true, tagImages };
}
