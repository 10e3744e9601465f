// Stash's task queue, followed from the page that started something.

import { ask, change, follow, graphql, React, refreshHost, startTask } from "./host";
import { messageOf } from "./parts/notices";

const POLL_MS = 500;
const SUBSCRIBED_POLL_MS = 5000; // the subscription tells; asking is for messages that were lost

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
  let wait = POLL_MS;
  let watching = true;
  const tell = (job: Job) => {
    if (!watching) return;
    if (isOver(job)) stop();
    onNews(job);
  };
  const unfollow = follow<{ jobsSubscribe: { job: Job } }>("JobsSubscribeDocument", ({ jobsSubscribe: { job } }) => {
    if (job.id !== id) return;
    wait = SUBSCRIBED_POLL_MS;
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
    if (watching) timer = window.setTimeout(() => void poll(), wait);
  };
  void poll();
  return stop;
}

export interface Work {
  /** The job as last heard of: null before the first news. Kept after it is over until the next start. */
  job: Job | null;
  /** A job is queued or running. */
  active: boolean;
  /** Why it could not be queued. */
  refused: string;
  start(task: { name: string } | { description: string }, args?: Record<string, unknown>): void;
  stop(): void;
}

/** One long task of the plugin at a time. `onOver` comes once, after the page has been brought up to date. */
export function useWork(onOver?: (job: Job) => void): Work {
  const [job, setJob] = React.useState<Job | null>(null);
  const [id, setId] = React.useState("");
  const [starting, setStarting] = React.useState(false);
  const [refused, setRefused] = React.useState("");
  const over = React.useRef(onOver);
  over.current = onOver;
  const here = React.useRef(true);
  React.useEffect(
    () => () => {
      here.current = false;
    },
    [],
  );
  React.useEffect(() => {
    if (id === "") return undefined;
    return watchJob(id, (news) => {
      setJob(news);
      if (!isOver(news)) return;
      void refreshHost().then(() => {
        if (!here.current) return;
        setId("");
        over.current?.(news);
      });
    });
  }, [id]);
  const start = React.useCallback((task: { name: string } | { description: string }, args = {}) => {
    setJob(null);
    setRefused("");
    setStarting(true);
    startTask(task, args)
      .then(
        (made) => here.current && setId(made),
        (error: unknown) => here.current && setRefused(messageOf(error)),
      )
      .finally(() => here.current && setStarting(false));
  }, []);
  const stop = React.useCallback(() => {
    if (id !== "") change(STOP, { id }).catch(() => undefined); // it may have ended meanwhile
  }, [id]);
  return { job, active: starting || id !== "", refused, start, stop };
}
