import type { MessageId, Text } from "../text";

const NAMES: Record<string, MessageId> = {
  synchronizePerformers: "compreface.mode.synchronizePerformers",
  identifyImagesNew: "compreface.mode.identifyImagesNew",
  identifyImagesAll: "compreface.mode.identifyImagesAll",
  recognizeImagesHQ: "compreface.mode.recognizeImagesHQ",
  recognizeImagesLQ: "compreface.mode.recognizeImagesLQ",
  recognizeNewScenes: "compreface.mode.recognizeNewScenes",
  recognizeAllScenes: "compreface.mode.recognizeAllScenes",
  recognizeNewSceneSprites: "compreface.mode.recognizeNewSceneSprites",
  recognizeAllSceneSprites: "compreface.mode.recognizeAllSceneSprites",
  scanPartial: "compreface.mode.scanPartial",
  resetUnmatched: "compreface.mode.resetUnmatched",
  resetUnmatchedScenes: "compreface.mode.resetUnmatchedScenes",
  retryFailed: "compreface.mode.retryFailed",
  switchEngine: "compreface.mode.switchEngine",
  identifyImage: "compreface.mode.identifyImage",
  identifyScene: "compreface.mode.identifyScene",
  identifyGallery: "compreface.mode.identifyGallery",
  identifyItems: "compreface.mode.identifyItems",
  createPerformerFromImage: "compreface.mode.createPerformerFromImage",
  clusters: "compreface.mode.clusters",
  decide: "compreface.mode.decide",
  installModel: "compreface.mode.installModel",
  mergePerformers: "compreface.mode.mergePerformers",
  decideGallery: "compreface.mode.decideGallery",
  performerExamples: "compreface.mode.performerExamples",
  importSubjects: "compreface.mode.importSubjects",
};

/** What a mode is called on the page; its own name where there is none. */
export function modeName(text: Text, mode: string): string {
  const id = NAMES[mode];
  return id === undefined ? mode : text(id);
}
