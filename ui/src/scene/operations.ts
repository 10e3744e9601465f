import { callPlugin } from "../host";
import type { Face } from "../operations";

interface SceneAnswer {
  item: { scannedAt: number | null; error: string };
  duration: number;
  people: Face[];
}

/** The people of a scene as last seen; nothing is decoded. */
export function sceneFaces(sceneId: string, signal?: AbortSignal): Promise<SceneAnswer> {
  return callPlugin({ mode: "sceneFaces", sceneId, crops: true }, signal);
}

/** Looks at the scene, or remembers; the arguments of a task, or of an operation. Writes nothing to Stash. */
export function lookAt(sceneId: string): Record<string, unknown> {
  return { mode: "identifyScene", sceneId };
}

export function identifyScene(sceneId: string, signal?: AbortSignal): Promise<SceneAnswer> {
  return callPlugin({ ...lookAt(sceneId), crops: true }, signal);
}

/** A new performer of one person seen; put on the scene. */
export function createFromScene(
  face: Face,
  name: string,
): Promise<{ performerId: string; name: string; runId: string }> {
  return callPlugin({ mode: "clusters", action: "name", faceIds: [face.id], name });
}
