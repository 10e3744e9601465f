import type { MessageId } from "../text";

/** Why an item failed or was passed over, by the plugin's code; its own words, where there are any, are English. */
export const REASONS: Record<string, MessageId> = {
  undecodable: "compreface.failure.undecodable",
  unreadable: "compreface.failure.undecodable", // a performer's picture
  refused: "compreface.failure.refused",
  unavailable: "compreface.failure.unavailable",
  service: "compreface.failure.service",
  subject: "compreface.failure.subject",
  example: "compreface.failure.example",
  item: "compreface.failure.item",
  gone: "compreface.reason.gone",
  "no decoder": "compreface.reason.decoder",
  "no face": "compreface.reason.no.face",
  "several faces": "compreface.reason.several",
  "no picture": "compreface.reason.no.picture",
  unchanged: "compreface.reason.unchanged",
};
