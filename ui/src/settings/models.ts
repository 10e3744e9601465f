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

interface LastRun {
  run: { mode: string; state: string; message: string; args: Record<string, string> } | null;
}

/** Why the last run of a mode went wrong; "" when it did not, or another run came since. Stash's queue does not tell. */
export async function troubleOf(mode: string): Promise<string> {
  const { run } = await callPlugin<LastRun>({ mode: "runStatus" });
  return run?.mode === mode && run.state === "failed" ? run.message : "";
}
