// The plugin's operations as they are asked and answered. Boxes are fractions of the upright picture.

import { ask, callPlugin, graphql } from "./host";
import type { Said } from "./text";

export type Verdict = "accept" | "review" | "unknown" | "ignored";
export type Word = "accept" | "reject" | "notAFace" | "ignore" | "undo";

export interface Candidate {
  performerId: string;
  name: string;
  similarity: number;
  inLibrary: boolean;
}

export interface Face {
  id: number;
  box: [number, number, number, number]; // x_min, y_min, x_max, y_max
  score: number;
  quality: number;
  qualityReasons: string[];
  sizePx: number;
  verdict: Verdict | null;
  similarity?: number | null;
  required?: number;
  reason?: string;
  /** Of the reason; "" where it has none. */
  reasonCode?: string;
  /** Unknown, and good enough to become a performer with all the others. */
  newPerson?: boolean;
  candidates: Candidate[];
  crop?: string | null; // data URI
  // of a person seen in a scene; times in seconds, `box` belongs to the frame at `bestFrame`
  appearances?: [start: number, end: number][];
  bestFrame?: number;
  sightings?: number;
  previewOnly?: boolean;
}

export interface FacesAnswer {
  item: { id: string; scannedAt: number | null; error: string };
  faces: Face[];
}

export interface Decision {
  faceId: number;
  decision: Word;
  performerId?: string;
}

export type CheckState = "ok" | "warning" | "fault";

export interface Check {
  name: string;
  state: CheckState;
  message: string;
  said: Said | null;
  nextStep: string;
  nextSaid: Said | null;
  lastSuccess: number | null;
  details: { name: string; state: CheckState; message: string; said: Said | null }[];
}

export interface Health {
  state: CheckState;
  checks: Check[];
}

/** Faces as they were last seen and judged; no model is loaded. */
export function knownFaces(imageId: string, signal?: AbortSignal): Promise<FacesAnswer> {
  return callPlugin({ mode: "faces", imageId, crops: true }, signal);
}

/** Looks at the picture, and brings the faces with their crops; writes nothing to Stash. */
export function identifyImage(imageId: string, signal?: AbortSignal): Promise<{ faces: Face[] }> {
  return callPlugin({ mode: "identifyImage", imageId, crops: true }, signal);
}

/** The faces spoken of, as they are judged afterwards. */
export async function decide(decisions: Decision[]): Promise<Face[]> {
  const answer = await callPlugin<{ faces: Face[] }>({ mode: "decide", decisions });
  return answer.faces;
}

/** Each unknown face of the picture that is good enough becomes a performer on it; undone by its run. */
export function createPerformers(imageId: string): Promise<{ faces: Face[]; created: number; runId: string }> {
  return callPlugin({ mode: "identifyImage", imageId, createPerformer: true, crops: true });
}

export function createPerformer(
  imageId: string,
  faceId: number,
  name: string,
): Promise<{ performerId: string; name: string; runId: string }> {
  return callPlugin({ mode: "createPerformerFromImage", imageId, faceId, name });
}

/** Takes a run back, or what it did about one performer. */
export function undoRun(runId: string, performerId?: string): Promise<unknown> {
  return callPlugin({ mode: "undoRun", runId, ...(performerId === undefined ? {} : { performerId }) });
}

/** Every check, or one of them looked at closely: then a model is loaded, or a server asked. */
export function health(closely: string | null, signal?: AbortSignal): Promise<Health> {
  const which = closely === null ? {} : { only: closely, deep: true };
  return callPlugin({ mode: "health", ...which }, signal);
}

// Stash's own -----------------------------------------------------------------------------------------------------------

export interface Performer {
  id: string;
  name: string;
  image_path?: string | null;
  alias_list?: string[];
}

const PICTURES = graphql(`
  query ComprefacePictures($ids: [ID!]) {
    findPerformers(ids: $ids) {
      performers {
        id
        name
        image_path
      }
    }
  }
`);

const NAMED = graphql(`
  query ComprefaceNamed($filter: FindFilterType) {
    findPerformers(filter: $filter) {
      performers {
        id
        name
        alias_list
        image_path
      }
    }
  }
`);

interface PerformersAnswer {
  findPerformers: { performers: Performer[] };
}

/** Addresses of the performers' pictures by id. */
export async function pictures(ids: string[]): Promise<Map<string, string>> {
  const answer = await ask<PerformersAnswer>(PICTURES, { ids });
  const found = answer.findPerformers.performers.filter((each) => each.image_path);
  return new Map(found.map((each) => [each.id, each.image_path ?? ""]));
}

/** Performers that already have this name or alias, whatever the capitals. */
export async function performersNamed(name: string): Promise<Performer[]> {
  const answer = await ask<PerformersAnswer>(NAMED, { filter: { q: `"${name.replace(/"/g, "")}"`, per_page: 20 } });
  const wanted = name.toLowerCase();
  return answer.findPerformers.performers.filter((each) =>
    [each.name, ...(each.alias_list ?? [])].some((known) => known.toLowerCase() === wanted),
  );
}
