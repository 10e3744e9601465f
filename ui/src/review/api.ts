// What the review page asks the plugin and Stash for.

import { ask, callPlugin, graphql } from "../host";
import type { Candidate, Face, Word } from "../operations";

export type ItemKind = "image" | "scene";

export interface ItemRef {
  kind: string;
  id: string;
}

export interface ProposalCandidate extends Candidate {
  onItem: boolean;
  expectedWrongPer1000: number;
}

export interface Proposal extends Face {
  faceId: number;
  item: ItemRef & { exists: boolean };
  candidates: ProposalCandidate[];
  expectedWrongPer1000: number | null;
  otherItems: (ItemRef & { faceId: number; verdict: string; similarity: number })[];
}

export interface Waiting {
  performerId: string;
  name: string;
  waiting: number;
}

/** Which faces are worked off, and in what order. */
export interface QueueFilter {
  by: "person" | "item";
  kind?: ItemKind | undefined;
  performerId?: string | undefined;
  imageId?: string | undefined;
  galleryId?: string | undefined;
  sceneId?: string | undefined;
}

export interface QueueAnswer {
  total: number;
  people: number;
  faceIds: number[];
  performers?: Waiting[];
}

export interface ProposalsAnswer {
  proposals: Proposal[];
  pictures: Record<string, string | null>;
}

/** Everything that waits, by id, and the first so many to begin with. */
export function queueOf(
  filter: QueueFilter,
  first: number,
  signal?: AbortSignal,
): Promise<QueueAnswer & Partial<ProposalsAnswer>> {
  return callPlugin({ mode: "proposals", idsOnly: true, first, ...filter }, signal);
}

export function proposalsOf(faceIds: number[], signal?: AbortSignal): Promise<ProposalsAnswer> {
  return callPlugin({ mode: "proposals", faceIds }, signal);
}

export interface SentDecision {
  faceId: number;
  decision: Word;
  performerId?: string | undefined;
  runId?: string | undefined;
}

export interface DecideAnswer {
  runId: string | null;
  refused: { faceId: number; reason: string }[];
}

export function decideBatch(batch: string, decisions: SentDecision[]): Promise<DecideAnswer> {
  return callPlugin({ mode: "decide", goOn: true, batch, decisions });
}

// plans -----------------------------------------------------------------------------------------------------------------

export interface Plan {
  planId: string;
  name: string;
  mode: string;
  madeAt: number;
  state: string;
  items: number;
}

export interface Value {
  id: string | null;
  name: string;
}

export interface PlanItem extends ItemRef {
  name: string;
  exists: boolean;
  fields: { field: string; before: Value[]; add: Value[]; remove: Value[] }[];
}

export function plans(signal?: AbortSignal): Promise<{ plans: Plan[] }> {
  return callPlugin({ mode: "plans" }, signal);
}

export function planItems(
  planId: string,
  page: { offset: number; limit: number },
  signal?: AbortSignal,
): Promise<{ items: PlanItem[]; total: number }> {
  return callPlugin({ mode: "plan", planId, ...page }, signal);
}

export interface Applied {
  applied: number;
  settled: number;
  refused: number;
  left: number;
}

/** All of a plan, or what it changes on these items. */
export function applyPlan(planId: string, items: readonly ItemRef[] = []): Promise<Applied> {
  const parts: Record<string, string[]> = {};
  for (const { kind, id } of items) (parts[`${kind}Ids`] ??= []).push(id);
  return callPlugin({ mode: "applyPlan", planId, ...parts });
}

export function deletePlan(planId: string): Promise<{ dropped: number; items: number }> {
  return callPlugin({ mode: "deletePlan", planId });
}

// runs ------------------------------------------------------------------------------------------------------------------

export type RunState = "running" | "waiting" | "finished" | "cancelled" | "failed";

export interface Run {
  runId: string;
  mode: string;
  args: Record<string, string>;
  state: RunState;
  startedAt: number;
  endedAt: number | null;
  seconds: number;
  itemsPerSecond: number | null;
  total: number | null;
  counts: Record<string, number>;
  changes: Record<string, number>;
  undoable: boolean;
  resumable: boolean;
  failures: number;
  engine: string;
  model: string;
  message: string;
}

export interface RunsAnswer {
  runs: Run[];
  total: number;
  running: { mode?: string; runId?: string; since?: number } | null;
}

export function runs(
  page: { offset: number; limit: number; tasksOnly: boolean },
  signal?: AbortSignal,
): Promise<RunsAnswer> {
  return callPlugin({ mode: "runs", ...page }, signal);
}

export interface Failure {
  kind: string;
  id: string;
  /** What kind of failure; `reason` says it in the plugin's own words. */
  code: string;
  reason: string;
  attempts: number;
  retriedByItself: boolean;
}

export function failures(
  runId: string,
  page: { offset: number; limit: number },
  signal?: AbortSignal,
): Promise<{ failures: Failure[]; total: number }> {
  return callPlugin({ mode: "failures", runId, ...page }, signal);
}

export function stopRun(runId: string | undefined): Promise<{ stopping: boolean }> {
  return callPlugin({ mode: "stop", ...(runId ? { runId } : {}) });
}

// numbers ---------------------------------------------------------------------------------------------------------------

export interface Statistics {
  engine: string | null;
  model: string | null;
  items: Record<string, { scanned: number; matched: number; failed: number }>;
  faces: Record<string, number>;
  waiting: number;
  people: number;
  examples: { own: number; learned: number; all: number };
  decisions: Record<string, number>;
  judged: Record<string, { right: number; wrong: number }>;
  named: { standing: number; undone: number };
  databaseBytes: number;
  tasks: (Worked & { mode: string })[];
  engines: (Worked & { engine: string; model: string })[];
  tasksByEngine: (Worked & { mode: string; engine: string; model: string })[];
  /** A page of them, and how many there are. */
  runs: (Worked & { runId: string; mode: string; engine: string; model: string; startedAt: number })[];
  total: number;
}

/** What one run did, or several together. */
export interface Worked {
  runs: number;
  seconds: number;
  counts: Record<string, number>;
  reasons: { failed: Record<string, number>; skipped: Record<string, number> };
  itemsPerSecond: number | null;
  facesPerSecond: number | null;
  steps: StepSpent[];
}

export interface StepSpent {
  step: string;
  seconds: number;
  things: number;
  msPerItem: number | null;
}

export const RUNS_PAGE = 20;

export function statistics(offset: number, signal?: AbortSignal): Promise<Statistics> {
  return callPlugin({ mode: "statistics", tasksOnly: true, offset, limit: RUNS_PAGE }, signal);
}

export interface Point {
  threshold: number;
  required: number;
  wrongPer1000: number | null;
  recall: number | null;
  expectedWrongPer1000: number;
}

export interface Source {
  source: string;
  faces: number;
  enough: boolean;
  message: string;
  measuredDownTo: number | null;
  current: Point;
  points: Point[];
}

export interface Calibration {
  people: number;
  minSimilarity: number;
  reviewSimilarity: number;
  sources: Source[];
}

export function calibration(signal?: AbortSignal): Promise<Calibration> {
  return callPlugin({ mode: "calibration" }, signal);
}

export interface AppliedThreshold {
  applied: { changed: boolean; before?: unknown; now?: number; reason?: string } | null;
}

export function setThreshold(wrongPer1000: number): Promise<AppliedThreshold> {
  return callPlugin({ mode: "calibrate", wrongPer1000, apply: true });
}

// Stash's own -----------------------------------------------------------------------------------------------------------

export interface ItemOfStash {
  title: string;
  picture: string | null;
}

const ITEMS = graphql(`
  query ComprefaceItems(
    $images: [ID!]
    $scenes: [ID!]
    $galleries: [ID!]
    $noImages: Boolean!
    $noScenes: Boolean!
    $noGalleries: Boolean!
  ) {
    findImages(ids: $images) @skip(if: $noImages) {
      images {
        id
        title
        paths {
          thumbnail
        }
        visual_files {
          ... on ImageFile {
            basename
          }
          ... on VideoFile {
            basename
          }
        }
      }
    }
    findScenes(ids: $scenes) @skip(if: $noScenes) {
      scenes {
        id
        title
        paths {
          screenshot
        }
        files {
          basename
        }
      }
    }
    findGalleries(ids: $galleries) @skip(if: $noGalleries) {
      galleries {
        id
        title
        paths {
          cover
        }
        files {
          basename
        }
        folder {
          path
        }
      }
    }
  }
`);

interface Named {
  id: string;
  title?: string | null;
  paths: { thumbnail?: string | null; screenshot?: string | null; cover?: string | null };
  visual_files?: { basename?: string }[];
  files?: { basename?: string }[];
  folder?: { path: string } | null;
}

interface ItemsAnswer {
  findImages?: { images: Named[] };
  findScenes?: { scenes: Named[] };
  findGalleries?: { galleries: Named[] };
}

export function keyOf(item: ItemRef): string {
  return `${item.kind} ${item.id}`;
}

/** Titles and pictures of items by `keyOf`; what is gone is absent. */
export async function itemsOfStash(items: ItemRef[]): Promise<Map<string, ItemOfStash>> {
  const ids = (kind: string) => items.filter((each) => each.kind === kind).map((each) => each.id);
  const [images, scenes, galleries] = [ids("image"), ids("scene"), ids("gallery")];
  const [noImages, noScenes, noGalleries] = [images.length === 0, scenes.length === 0, galleries.length === 0];
  if (noImages && noScenes && noGalleries) return new Map();
  const variables = { images, scenes, galleries, noImages, noScenes, noGalleries };
  const answer = await ask<ItemsAnswer>(ITEMS, variables, true);
  const told = (kind: string) => (each: Named): [string, ItemOfStash] => {
    const file = (each.visual_files ?? each.files ?? [])[0]?.basename ?? each.folder?.path.split(/[\\/]/).pop();
    return [
      keyOf({ kind, id: each.id }),
      { title: each.title || file || "", picture: each.paths.thumbnail ?? each.paths.screenshot ?? each.paths.cover ?? null },
    ];
  };
  return new Map([
    ...(answer.findImages?.images ?? []).map(told("image")),
    ...(answer.findScenes?.scenes ?? []).map(told("scene")),
    ...(answer.findGalleries?.galleries ?? []).map(told("gallery")),
  ]);
}

export function addressOf(item: ItemRef): string {
  return `/${item.kind === "gallery" ? "galleries" : `${item.kind}s`}/${encodeURIComponent(item.id)}`;
}
