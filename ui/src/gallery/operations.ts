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

export function unknownIn(galleryId: string, limit: number): Promise<{ clusters: UnknownPerson[]; total: number }> {
  return callPlugin({ mode: "clusters", action: "list", galleryId, minFaces: 1, limit });
}

export function nameUnknown(cluster: number, who: { id: string } | { name: string }): Promise<{ runId: string; name: string; performerId: string }> {
  const whom = "id" in who ? { performerId: who.id } : { name: who.name };
  return callPlugin({ mode: "clusters", action: "name", cluster, ...whom });
}

export function ignoreUnknown(cluster: number): Promise<{ runId: string }> {
  return callPlugin({ mode: "clusters", action: "ignore", cluster });
}

/** How the newest run ended. */
export function lastRun(): Promise<{ run: { mode: string; state: string; message: string } | null }> {
  return callPlugin({ mode: "runStatus" });
}
