// What the plugin says in English and numbers, in the words of the page.

import type { Candidate, Face } from "../operations";
import type { MessageId } from "../text";

export const REVIEW_FROM = 0.75; // the default of the setting reviewSimilarity
const UNLIKELY_BELOW = 0.5;

/** Reasons worth saying on a card, by their code. */
const REASONS: Record<string, MessageId> = {
  "reason.nobody": "compreface.says.reason.nobody",
  "reason.stranger": "compreface.says.reason.stranger",
  "reason.below": "compreface.says.reason.below",
  "reason.ambiguous": "compreface.says.reason.ambiguous",
  "reason.rejected": "compreface.says.reason.rejected",
  "reason.apart": "compreface.says.reason.apart",
  "reason.frames": "compreface.says.reason.frames",
  "reason.previews": "compreface.says.reason.previews",
  "reason.takenOff": "compreface.says.reason.takenOff",
};

const QUALITY: [start: string, id: MessageId][] = [
  ["small", "compreface.quality.small"],
  ["barely", "compreface.quality.faint"],
  ["blurred", "compreface.quality.blurred"],
  ["badly lit", "compreface.quality.light"],
  ["turned away", "compreface.quality.turned"],
];

/** A person has spoken about this face. */
export function isDecided(face: Face): boolean {
  return face.reasonCode?.startsWith("said.") ?? false;
}

export function isConfirmed(face: Face): boolean {
  return face.verdict === "accept" && isDecided(face);
}

/** A person has said who it is not: somebody else may still be named. */
export function isRejected(face: Face): boolean {
  return face.verdict === "unknown" && isDecided(face);
}

/** Never judged with the performers of today. */
export function isUnjudged(face: Face): boolean {
  return face.verdict === null || face.reasonCode === "reason.unmatched";
}

/** Whom the face is taken for: nobody where the resemblance is too small. */
export function named(face: Face): Candidate | undefined {
  return face.verdict === "accept" || face.verdict === "review" ? face.candidates[0] : undefined;
}

export function similarityWords(similarity: number, required = 1): MessageId {
  if (similarity >= required) return "compreface.words.sure";
  if (similarity >= REVIEW_FROM) return "compreface.words.likely";
  if (similarity >= UNLIKELY_BELOW) return "compreface.words.possible";
  return "compreface.words.unlikely";
}

export function verdictWords(face: Face): MessageId {
  if (isConfirmed(face)) return "compreface.words.confirmed";
  return similarityWords(face.candidates[0]?.similarity ?? 0, face.required);
}

/** Undefined where there is nothing to say, or nothing that is known here. */
export function reasonId(face: Face): MessageId | undefined {
  return REASONS[face.reasonCode ?? ""];
}

/** What makes the face hard to recognise. */
export function qualityIds(face: Face): MessageId[] {
  return face.qualityReasons.flatMap((reason) => QUALITY.filter(([start]) => reason.startsWith(start)).map(([, id]) => id));
}

/** A name out of a file's name: "Jane_Doe_0003.jpg" is Jane Doe; empty for what cameras and sites call their files. */
export function nameFromFile(path: string): string {
  const file = path.split(/[\\/]/).pop() ?? "";
  const words = file
    .replace(/\.[^.]*$/, "")
    .split(/[\s_.+-]+/)
    .filter((word) => !/\d/.test(word));
  const names = words.every((word) => /^\p{Lu}[\p{L}'’]+$/u.test(word));
  return words.length >= 2 && words.length <= 4 && names ? words.join(" ") : "";
}
