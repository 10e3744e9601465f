// How the plugin's findings about performers are called.

import type { MessageId } from "../text";
import type { Sameness } from "./operations";

export const SAMENESS: Record<Sameness, MessageId> = {
  "same person": "compreface.performer.same",
  unsure: "compreface.performer.unsure",
  "different people": "compreface.performer.different",
};
