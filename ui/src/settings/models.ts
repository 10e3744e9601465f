// Model packs as the plugin tells of them.

import { callPlugin } from "../host";

export interface Pack {
  name: string;
  what: string;
  sizeBytes: number;
  licence: string;
  terms: string;
  source: string;
  researchOnly: boolean;
  installed: boolean;
  needs: string;
  runnable: boolean;
  inUse: boolean;
}

export interface Models {
  engine: string | null;
  inUse: string | null;
  setting: string | null;
  folder: string;
  packs: Pack[];
}

export function models(signal?: AbortSignal): Promise<Models> {
  return callPlugin({ mode: "models" }, signal);
}
