// What a box that says "failed" offers beside another try. It stands above the box, and may fail and say so in one.

import type { ComponentType } from "react";
import { React } from "../host";

export interface Helps {
  /** The state of the plugin, to find the cause. */
  Checks: ComponentType;
  /** The task that has to come first, where `message` names it. */
  FirstStep: ComponentType<{ message: string; onDone?: (() => void) | undefined }>;
}

export const Help = React.createContext<Helps | null>(null);
