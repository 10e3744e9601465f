// Stash's task queue, followed from the page that started something.

import { ask, callPlugin, change, follow, graphql, React, refreshHost, startTask } from "./host";
import { messageOf } from "./messageOf";

const POLL_MS = 500;
const SUBSCRIBED_POLL_MS = 5000; // after news by subscription; asking is for what was lost, and for when it breaks

export type JobStatus = "READY" | "RUNNING" | "STOPPING" | "FINISHED" | "CANCELLED" | "FAILED";

export interface Job {
  id: string;
  status: JobStatus;
  /** 0 to 1; null where it is not known. */
  progress: number | null;
  subTasks?: string[] | null;
  error?: string | null;
}

const FIND = graphql(`
  query ComprefaceJob($id: ID!) {
    findJob(input: { id: $id }) {
      id
      status
      progress
      subTasks
      error
    }
  }
`);

const STOP = graphql(`
  mutation ComprefaceStopJob($id: ID!) {
    stopJob(job_id: $id)
  }
`);

const OVER: readonly JobStatus[] = ["FINISHED", "CANCELLED", "FAILED"];

export function isOver(job: Job): boolean {
  return OVER.includes(job.status);
}

/**
 * Tells of a job until it is over, and never after the function returned was called. Stash forgets jobs soon: one that
 * it no longer knows counts as finished. A server that does not answer is asked again.
 */
export function watchJob(id: string, onNews: (job: Job) => void): () => void {
  let timer = 0;
  let heard = false; // by subscription, since it was last asked
  let watching = true;
  const tell = (job: Job) => {
    if (!watching) return;
    if (isOver(job)) stop();
    onNews(job);
  };
  const unfollow = follow<{ jobsSubscribe: { job: Job } }>("JobsSubscribeDocument", ({ jobsSubscribe: { job } }) => {
    if (job.id !== id) return;
    heard = true;
    tell(job);
  });
  const stop = () => {
    watching = false;
    window.clearTimeout(timer);
    unfollow();
  };
  const poll = async () => {
    try {
      const { findJob } = await ask<{ findJob: Job | null }>(FIND, { id }, true);
      tell(findJob ?? { id, status: "FINISHED", progress: 1 });
    } catch {
      // asked again below
    }
    if (watching) timer = window.setTimeout(() => void poll(), heard ? SUBSCRIBED_POLL_MS : POLL_MS);
    heard = false;
  };
  void poll();
  return stop;
}

/** How a task ended, by its own words: Stash's queue tells neither that it failed nor that another job goes on with it. */
export interface Ending {
  how: "finished" | "stopped" | "failed";
  /** Why it failed; "" where it did not, or nobody knows. */
  message: string;
  /** Of its run, where one began: how many items are done, of how many; a start of the same task goes on from there. */
  seen?: number;
  total?: number | null;
  runId?: string;
  created?: number;
}

export interface Work {
  /** The job as last heard of: null before the first news. Kept after it is over until the next start. */
  job: Job | null;
  /** A job is queued or running. */
  active: boolean;
  /** It let other tasks pass; the job is the one that goes on with it. */
  passed: boolean;
  /** Null from the start to the end. A task that could not be queued has failed. */
  ending: Ending | null;
  /** Of the last start; empty before the first. */
  args: Args;
  start(task: Task, args?: Args): void;
  /** The same once more; one that was stopped goes on where it was. */
  again(): void;
  stop(): void;
}

type Args = Record<string, unknown>;
type Task = { name: string } | { description: string };

interface Status {
  errand: { state: string; message: string; jobId: string } | null;
  run: { runId: string; counts: Record<string, number | undefined>; total: number | null } | null;
}

/** The job that goes on with the task whose job `over` is, or how the task ended. */
async function after(errand: string, over: Job): Promise<{ next: string } | { ending: Ending }> {
  let told: Status;
  try {
    told = await callPlugin<Status>({ mode: "runStatus", about: errand });
  } catch (error) {
    return { ending: { how: "failed", message: messageOf(error) } };
  }
  if (told.errand !== null && told.errand.jobId !== "" && Number(told.errand.jobId) > Number(over.id)) {
    return { next: told.errand.jobId };
  }
  const reached = told.run && reachedBy(told.run);
  return { ending: { ...endingOf(told.errand, over), ...reached } };
}

function reachedBy({ runId, counts, total }: NonNullable<Status["run"]>) {
  return { runId, seen: counts.seen ?? 0, total, created: counts.created ?? 0 };
}

function endingOf(errand: Status["errand"], over: Job): Ending {
  const state = errand?.state ?? "";
  if (state === "finished") return { how: "finished", message: "" };
  if (state === "cancelled" || state === "waiting" || over.status === "CANCELLED") return { how: "stopped", message: "" };
  return { how: "failed", message: errand?.message || over.error || "" }; // without a word: killed, or never begun
}

function errandName(): string {
  return [Date.now(), Math.random()].map((each) => each.toString(36).replace("0.", "")).join("-");
}

interface Started {
  id: string;
  errand: string;
  task: Task;
  args: Args;
}

/** What was started at a place of the page stays known to this tab of the browser until it is over. */
const memory = {
  key: (place: string) => `compreface.work.${place}`,
  read(place: string): Started | null {
    try {
      return JSON.parse(sessionStorage.getItem(this.key(place)) ?? "null") as Started | null;
    } catch {
      return null;
    }
  },
  write(place: string, started: Started | null): void {
    try {
      if (started === null) sessionStorage.removeItem(this.key(place));
      else sessionStorage.setItem(this.key(place), JSON.stringify(started));
    } catch {
      // storage may be forbidden: then whoever comes back to the page finds it in Stash's queue
    }
  },
};

/**
 * One long task of the plugin at a time. `place` names what it is about: who comes back there follows it on. `onOver`
 * comes once, after the page has been brought up to date.
 */
export function useWork(place: string, onOver?: (ending: Ending) => void): Work {
  const [started, setStarted] = React.useState<Started | null>(() => memory.read(place));
  const [job, setJob] = React.useState<Job | null>(null);
  const [passed, setPassed] = React.useState(false);
  const [over, setOver] = React.useState<Ending | null>(null);
  const told = React.useRef(onOver);
  told.current = onOver;
  const here = React.useRef(true);
  React.useEffect(
    () => () => {
      here.current = false;
    },
    [],
  );
  const know = React.useCallback(
    (now: Started | null) => {
      memory.write(place, now);
      if (here.current) setStarted(now);
    },
    [place],
  );
  const end = React.useCallback((ending: Ending) => {
    setOver(ending);
    told.current?.(ending);
  }, []);
  React.useEffect(() => {
    if (started === null || started.id === "" || over !== null) return undefined;
    return watchJob(started.id, (news) => {
      setJob(news);
      if (!isOver(news)) return;
      void after(started.errand, news).then(async (found) => {
        if (!here.current) return; // whoever comes back finds it in the memory
        if ("next" in found) {
          setPassed(true);
          setJob(null);
          know({ ...started, id: found.next });
          return;
        }
        memory.write(place, null);
        await refreshHost();
        if (here.current) end(found.ending);
      });
    });
  }, [started, over, know, end, place]);
  const start = React.useCallback(
    (task: Task, args: Args = {}) => {
      const errand = errandName();
      setJob(null);
      setPassed(false);
      setOver(null);
      setStarted({ id: "", errand, task, args });
      startTask(task, { ...args, errand }).then(
        (id) => know({ id, errand, task, args }),
        (error: unknown) => here.current && end({ how: "failed", message: messageOf(error) }),
      );
    },
    [end, know],
  );
  const again = React.useCallback(() => {
    if (started !== null) start(started.task, started.args);
  }, [started, start]);
  const id = started?.id ?? "";
  const stop = React.useCallback(() => {
    if (id !== "") change(STOP, { id }).catch(() => undefined); // it may have ended meanwhile
  }, [id]);
  const active = started !== null && over === null;
  return { job, active, args: started?.args ?? {}, passed, ending: over, start, again, stop };
}
