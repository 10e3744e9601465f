// Decisions on their way to the plugin. The page goes on at once; what was decided is kept in the browser until the
// plugin has said that it is done, is sent in order, and is sent again after a fault or in the next visit.

import { PLUGIN_ID, refreshHost } from "../host";
import { messageOf } from "../messageOf";
import type { Word } from "../operations";
import { decideBatch, type SentDecision } from "./api";

const PAUSE_MS = 700; // decisions within it go together; an undo within it takes one out again
const MOST_AT_ONCE = 40;
const FIRST_WAIT_MS = 2000;
const LONGEST_WAIT_MS = 60_000;
const REFRESH_AFTER_MS = 1500;
const ALIVE_EVERY_MS = 5000;
const DEAD_AFTER_MS = 20_000; // of a page that had decisions and says nothing any more
const PREFIX = `${PLUGIN_ID}.outbox.`; // of localStorage

export interface Entry {
  faceId: number;
  decision: Exclude<Word, "undo">;
  performerId?: string | undefined;
  name: string; // of the performer, for what is said about it
}

interface Step {
  faceId: number;
  entry: Entry | null; // null: undo
}

interface Batch {
  id: string;
  steps: Step[];
}

interface Kept {
  aliveAt: number;
  sending: Batch | null;
  waiting: Step[];
  runs: [number, string][];
}

export interface OutboxState {
  /** Decisions that the plugin has not confirmed. */
  unsaved: number;
  /** Why the last attempt failed; empty while all is well. It is tried again by itself. */
  trouble: string;
  /** What cannot be carried out, with the reason. */
  refused: ReadonlyMap<number, { entry: Entry; reason: string }>;
  /** Decisions carried out since the page was loaded. */
  saved: number;
}

class Outbox {
  state: OutboxState = { unsaved: 0, trouble: "", refused: new Map(), saved: 0 };
  private waiting: Step[] = [];
  private sending: Batch | null = null;
  private busy = false;
  private stored = false; // what waits stands in the browser's storage
  private wait = FIRST_WAIT_MS;
  private timer = 0;
  private refreshTimer = 0;
  private readonly runs = new Map<number, string>(); // the run a face was decided in, for undo
  private readonly listeners = new Set<() => void>();
  private readonly key = PREFIX + Math.random().toString(36).slice(2);

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Faces with a decision that is not yet confirmed: they are not asked about again. */
  decidedFaces(): Set<number> {
    return new Set([...(this.sending?.steps ?? []), ...this.waiting].map((step) => step.faceId));
  }

  add(entry: Entry): void {
    this.forgetRefusal(entry.faceId);
    this.waiting.push({ faceId: entry.faceId, entry });
    this.changed();
    this.later(PAUSE_MS);
  }

  /** Takes the last decision about a face back, wherever it has got to. */
  undo(faceId: number): void {
    const last = this.waiting.map((step) => step.faceId).lastIndexOf(faceId);
    if (last >= 0) this.waiting.splice(last, 1);
    else if (!this.state.refused.has(faceId)) this.waiting.push({ faceId, entry: null });
    this.forgetRefusal(faceId);
    this.changed();
    this.later(PAUSE_MS);
  }

  tryNow = (): void => this.later(0);

  /** Gives up what was not sent; what was refused is forgotten too. */
  discard = (): void => {
    this.waiting = [];
    if (!this.busy) this.sending = null;
    this.state = { ...this.state, trouble: "", refused: new Map() };
    this.changed();
  };

  /** Takes over what an earlier visit left behind, and keeps this one's from being taken. */
  begin(): void {
    this.adopt();
    window.setInterval(() => this.state.unsaved > 0 && this.keep(), ALIVE_EVERY_MS);
    window.setInterval(() => this.adopt(), DEAD_AFTER_MS);
    window.addEventListener("pagehide", () => {
      this.keep(0); // the next page may take over at once
      this.tryNow();
    });
    window.addEventListener("pageshow", (event) => event.persisted && this.returned());
    document.addEventListener("visibilitychange", () => document.hidden && this.tryNow());
  }

  /** A page that slept for long, or comes back out of the browser's memory: what another one took over meanwhile is
      not ours any more. */
  private returned(): void {
    try {
      if (this.stored && localStorage.getItem(this.key) === null) this.discard();
    } catch {
      // nobody can have taken anything
    }
    this.keep();
  }

  private adopt(): void {
    try {
      const others = Object.keys(localStorage).filter((key) => key.startsWith(PREFIX) && key !== this.key);
      for (const key of others) {
        const kept = JSON.parse(localStorage.getItem(key) ?? "null") as Kept | null;
        if (kept !== null && Date.now() - kept.aliveAt < DEAD_AFTER_MS) continue;
        localStorage.removeItem(key);
        if (kept === null) continue;
        for (const [face, run] of kept.runs) if (!this.runs.has(face)) this.runs.set(face, run);
        if (kept.sending !== null && this.sending === null) this.sending = kept.sending;
        else if (kept.sending !== null) this.waiting.push(...kept.sending.steps);
        this.waiting.push(...kept.waiting);
        this.changed();
        this.later(PAUSE_MS);
      }
    } catch {
      // storage may be forbidden, or hold something else: nothing to take over
    }
  }

  private later(ms: number): void {
    if (this.busy) return;
    window.clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.send(), ms);
  }

  private async send(): Promise<void> {
    if (this.busy) return;
    this.returned();
    this.sending ??= this.nextBatch();
    if (this.sending === null) return;
    const batch = this.sending;
    this.busy = true;
    this.keep();
    try {
      const decisions = batch.steps.flatMap((step) => this.sent(step));
      const answer = decisions.length > 0 ? await decideBatch(batch.id, decisions) : { runId: null, refused: [] };
      this.done(batch, answer.runId, answer.refused);
      this.wait = FIRST_WAIT_MS;
      this.busy = false;
      this.later(0);
    } catch (error) {
      this.state = { ...this.state, trouble: messageOf(error) };
      this.busy = false;
      this.later(this.wait);
      this.wait = Math.min(LONGEST_WAIT_MS, 2 * this.wait);
    }
    this.changed();
  }

  /** In order, each face once: two words about one face are two batches. */
  private nextBatch(): Batch | null {
    const faces = new Set<number>();
    let count = 0;
    for (const { faceId } of this.waiting.slice(0, MOST_AT_ONCE)) {
      if (faces.has(faceId)) break;
      faces.add(faceId);
      count++;
    }
    const id = `${Date.now().toString(36)}${Math.random().toString(36).slice(2)}`;
    return count > 0 ? { id, steps: this.waiting.splice(0, count) } : null;
  }

  private sent({ faceId, entry }: Step): SentDecision[] {
    if (entry !== null) return [{ faceId, decision: entry.decision, performerId: entry.performerId }];
    const runId = this.runs.get(faceId);
    return runId === undefined ? [] : [{ faceId, decision: "undo", runId }];
  }

  private done(batch: Batch, runId: string | null, refused: { faceId: number; reason: string }[]): void {
    const reasons = new Map(refused.map((each) => [each.faceId, each.reason]));
    const known = new Map(this.state.refused);
    for (const { faceId, entry } of batch.steps) {
      const reason = reasons.get(faceId);
      if (entry === null) this.runs.delete(faceId);
      else if (reason !== undefined) known.set(faceId, { entry, reason });
      else if (runId !== null) this.runs.set(faceId, runId);
    }
    this.sending = null;
    this.state = { ...this.state, trouble: "", refused: known, saved: this.state.saved + batch.steps.length };
    window.clearTimeout(this.refreshTimer);
    this.refreshTimer = window.setTimeout(() => void refreshHost(), REFRESH_AFTER_MS);
  }

  private forgetRefusal(faceId: number): void {
    if (!this.state.refused.has(faceId)) return;
    const refused = new Map(this.state.refused);
    refused.delete(faceId);
    this.state = { ...this.state, refused };
  }

  private changed(): void {
    this.state = { ...this.state, unsaved: this.waiting.length + (this.sending?.steps.length ?? 0) };
    this.keep();
    for (const listener of this.listeners) listener();
  }

  private keep(aliveAt = Date.now()): void {
    const { sending, waiting } = this;
    try {
      if (sending === null && waiting.length === 0) {
        localStorage.removeItem(this.key);
        this.stored = false;
      } else {
        const faces = new Set([...(sending?.steps ?? []), ...waiting].map((step) => step.faceId));
        const runs = [...this.runs].filter(([face]) => faces.has(face));
        const kept: Kept = { aliveAt, sending, waiting, runs };
        localStorage.setItem(this.key, JSON.stringify(kept));
        this.stored = true;
      }
    } catch {
      // without storage, decisions live as long as this page
    }
  }
}

export const outbox = new Outbox();
