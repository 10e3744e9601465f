import { ask, callPlugin, graphql } from "../host";

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

const IMAGES = graphql(`
  query ComprefaceGalleryImages($id: ID!) {
    findGallery(id: $id) {
      id
      image_count
    }
  }
`);

/** How many images the gallery has: the host does not tell its panel. */
export async function imagesOf(galleryId: string): Promise<number> {
  const { findGallery } = await ask<{ findGallery: { image_count: number } | null }>(IMAGES, { id: galleryId }, true);
  return findGallery?.image_count ?? 0;
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

/** A gallery that was looked at, with the people in it who wait for a word. */
export interface GalleryWaiting {
  galleryId: string;
  title: string;
  people: PersonInGallery[];
  /** Faces to decide about on its images. */
  waiting: number;
}

/** The next galleries with somebody to decide about, behind the id `after`; `next` is null at the end. */
export async function galleriesWaiting(
  after: string,
  signal?: AbortSignal,
): Promise<{ galleries: GalleryWaiting[]; next: string | null }> {
  type Answer = { galleries: GalleryWaiting[]; next: number | null };
  let next: number | string | null = after;
  let galleries: GalleryWaiting[] = [];
  while (next !== null && galleries.length === 0) {
    ({ galleries, next } = await callPlugin<Answer>({ mode: "galleryProposals", after: next }, signal));
  }
  return { galleries, next: next === null ? null : String(next) };
}

/** The arguments of a task: whoever is unknown and seen often enough becomes a performer on the gallery. */
export function createAll(galleryId: string, tagImages: boolean): Record<string, unknown> {
  return { mode: "identifyGallery", galleryId, associateExisting: false, createPerformer: true, tagImages };
}
