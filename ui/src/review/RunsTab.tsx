import { Bootstrap, Icon, React } from "../host";
import { useWork, type Work } from "../jobs";
import { Ended } from "../parts/Ended";
import { Failed, Notice, Working } from "../parts/notices";
import { Progress } from "../parts/Progress";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useDoing } from "../parts/useDoing";
import { useKeptFocus } from "../parts/useKeptFocus";
import { useText, type MessageId } from "../text";
import { failures, keyOf, runs, stopRun, type Run, type RunsAnswer, type RunState } from "./api";
import { Ask } from "./Ask";
import { Bar } from "./Bar";
import { useItems } from "./hooks";
import { ItemLink } from "./ItemLink";
import { modeName } from "./modes";
import { Pager } from "./Pager";
import { REASONS } from "./reasons";

const { Badge, Button } = Bootstrap;

const PAGE = 20;
const FAILURES_PAGE = 50;
const LOOK_EVERY_MS = 3000; // while a run works: each look starts the plugin for a moment
const LOOK_IDLE_MS = 20_000; // for one that begins elsewhere
const LEARNING = "synchronizePerformers"; // creates nobody in Stash: it counts whom it can recognise from now on
const RETRY = "retryFailed";

const STATES: Record<RunState | "active" | "stuck", { variant: string; id: MessageId }> = {
  active: { variant: "primary", id: "compreface.runs.state.active" },
  stuck: { variant: "warning", id: "compreface.runs.state.stuck" },
  running: { variant: "warning", id: "compreface.runs.state.stuck" },
  waiting: { variant: "warning", id: "compreface.runs.state.waiting" },
  finished: { variant: "success", id: "compreface.runs.state.finished" },
  cancelled: { variant: "secondary", id: "compreface.runs.state.cancelled" },
  failed: { variant: "danger", id: "compreface.runs.state.failed" },
};
const COUNTS: [string, MessageId][] = [
  ["seen", "compreface.runs.seen"],
  ["faces", "compreface.runs.faces"],
  ["accepted", "compreface.runs.accepted"],
  ["proposed", "compreface.runs.proposed"],
  ["unknown", "compreface.runs.unknown"],
  ["created", "compreface.runs.created"],
];

/** What the plugin did and does, with ways to stop it, to go on, and to take it back. */
export function RunsTab({ visible }: { visible: boolean }) {
  const text = useText();
  const [offset, setOffset] = React.useState(0);
  const [words, setWords] = React.useState(false);
  const ask = React.useCallback(
    (signal: AbortSignal) => runs({ offset, limit: PAGE, tasksOnly: !words }, signal),
    [offset, words],
  );
  const { state: asked, again } = useAnswer(ask);
  const answer = valueOf(asked);
  const list = useKeptFocus<HTMLDivElement>();
  const work = useWork("runs", again);
  useLooking(visible && asked.kind !== "working", answer?.running != null || work.active, again);
  return (
    <div ref={list} tabIndex={-1}>
      <div className="compreface-filters">
        <label className="compreface-check-label">
          <input
            type="checkbox"
            checked={words}
            onChange={() => {
              setOffset(0);
              setWords(!words);
            }}
          />{" "}
          {text("compreface.runs.words")}
        </label>
        <Button size="sm" variant="secondary" onClick={again}>
          <Icon name="faArrowsRotate" /> <span>{text("compreface.review.reload")}</span>
        </Button>
      </div>
      <Queued work={work} />
      {asked.kind === "failed" && (
        <Failed title={text("compreface.runs.failed")} message={asked.message} onRetry={again} />
      )}
      {answer === undefined && asked.kind === "working" && <Working words={text("compreface.runs.loading")} />}
      {answer?.total === 0 && (
        <Notice icon="faListCheck" title={text("compreface.runs.none.title")} words={text("compreface.runs.none.text")} />
      )}
      <ul className="compreface-rows">
        {answer?.runs.map((each) => (
          <OneRun key={each.runId} run={each} active={isActive(each, answer)} work={work} onChanged={again} />
        ))}
      </ul>
      {answer && <Pager offset={offset} limit={PAGE} total={answer.total} onChange={setOffset} />}
    </div>
  );
}

function isActive(run: Run, { running }: RunsAnswer): boolean {
  return running !== null && running.runId === run.runId;
}

function useLooking(on: boolean, often: boolean, look: () => void): void {
  React.useEffect(() => {
    if (!on) return undefined;
    const timer = window.setTimeout(() => !document.hidden && look(), often ? LOOK_EVERY_MS : LOOK_IDLE_MS);
    return () => window.clearTimeout(timer);
  }, [on, often, look]);
}

/** What was started from here and stands in Stash's queue. */
function Queued({ work }: { work: Work }) {
  const text = useText();
  if (work.active) return <Progress work={work} words={text("compreface.runs.working")} />;
  return <Ended work={work} title={text("compreface.failed.write")} />;
}

interface OneProps {
  run: Run;
  active: boolean;
  work: Work;
  onChanged: () => void;
}

function OneRun({ run, active, work, onChanged }: OneProps) {
  const text = useText();
  const [asking, setAsking] = React.useState(false);
  const [open, setOpen] = React.useState(false);
  const { busy, fault, run: act } = useDoing();
  const name = modeName(text, run.mode);
  const state = STATES[active ? "active" : run.state];
  const seen = run.counts.seen ?? 0;
  const undo = () => {
    setAsking(false);
    work.start({ description: text("compreface.runs.undoing", { name }) }, { mode: "undoRun", runId: run.runId });
  };
  const goOn = () => work.start({ description: name }, { ...run.args, mode: run.mode });
  const stop = () =>
    act(async () => {
      await stopRun(run.runId);
      onChanged();
    });
  return (
    <li className="compreface-row card">
      <div className="compreface-row-head">
        <div>
          <strong>{name}</strong> {run.args.plan && <Badge variant="secondary">{run.args.plan}</Badge>}{" "}
          <Badge variant={state.variant}>{text(state.id)}</Badge>
          <div className="text-muted">
            {text.date(run.startedAt)} · {text.duration(run.seconds)}
            {run.itemsPerSecond !== null && seen > 0 && (
              <> · {text("compreface.runs.rate", { value: text.number(run.itemsPerSecond, 2) })}</>
            )}
          </div>
        </div>
        <div className="compreface-actions">
          {active && (
            <Button size="sm" variant="danger" disabled={busy} onClick={stop}>
              <Icon name="faStop" /> <span>{text("compreface.runs.stop")}</span>
            </Button>
          )}
          {!active && run.resumable && (
            <Button size="sm" variant="primary" disabled={work.active} onClick={goOn}>
              <Icon name="faPlay" /> <span>{text("compreface.runs.go.on")}</span>
            </Button>
          )}
          {!active && run.undoable && (
            <Button size="sm" variant="secondary" disabled={work.active} onClick={() => setAsking(true)}>
              <Icon name="faRotateLeft" /> <span>{text("compreface.undo")}</span>
            </Button>
          )}
        </div>
      </div>
      {active && run.total !== null && run.total > 0 && (
        <div className="compreface-share">
          <span>{text("compreface.runs.of", { seen, total: run.total })}</span>
          <Bar share={seen / run.total} label={name} />
        </div>
      )}
      {run.message !== "" && <p className="compreface-message">{run.message}</p>}
      {fault !== "" && <p className="compreface-refused">{fault}</p>}
      <ul className="compreface-counts">
        {COUNTS.filter(([key]) => (run.counts[key] ?? 0) > 0).map(([key, id]) => (
          <li key={key}>
            {text(key === "created" && run.mode === LEARNING ? "compreface.runs.learned" : id, {
              count: run.counts[key] ?? 0,
            })}
          </li>
        ))}
        {run.failures > 0 && (
          <li>
            <Button size="sm" variant="secondary" aria-expanded={open} onClick={() => setOpen(!open)}>
              <Icon name="faTriangleExclamation" /> <span>{text("compreface.runs.failures", { count: run.failures })}</span>
            </Button>
          </li>
        )}
      </ul>
      {open && run.failures > 0 && <Failures run={run} work={work} />}
      {asking && (
        <Ask
          title={text("compreface.runs.undo.title")}
          words={text("compreface.runs.undo.sure", { name, count: run.changes.applied ?? 0 })}
          action={text("compreface.undo")}
          onYes={undo}
          onNo={() => setAsking(false)}
        />
      )}
    </li>
  );
}

/** Items that did not work, with the reason. */
function Failures({ run, work }: { run: Run; work: Work }) {
  const text = useText();
  const [offset, setOffset] = React.useState(0);
  const ask = React.useCallback(
    (signal: AbortSignal) => failures(run.runId, { offset, limit: FAILURES_PAGE }, signal),
    [run.runId, run.failures, offset],
  );
  const { state: asked, again } = useAnswer(ask);
  const answer = valueOf(asked);
  const items = useItems(answer?.failures ?? []);
  const retry = () => work.start({ description: modeName(text, RETRY) }, { mode: RETRY });
  return (
    <div className="compreface-diff">
      {asked.kind === "failed" && (
        <Failed title={text("compreface.runs.failed")} message={asked.message} onRetry={again} />
      )}
      {answer === undefined && asked.kind === "working" && <Working words={text("compreface.runs.loading")} />}
      {answer && (
        <>
          <div className="compreface-actions">
            <Button size="sm" variant="primary" disabled={work.active} onClick={retry}>
              <Icon name="faArrowsRotate" /> <span>{text("compreface.runs.retry")}</span>
            </Button>
          </div>
          <ul className="compreface-rows">
            {answer.failures.map((each) => (
              <li key={keyOf(each)} className="compreface-failure">
                <ItemLink item={each} known={items.get(keyOf(each))} />
                <span>
                  {text(REASONS[each.code] ?? "compreface.failure.item")}{" "}
                  <small className="text-muted">{each.reason}</small>{" "}
                  <small className="text-muted">
                    {text(each.retriedByItself ? "compreface.runs.attempts" : "compreface.runs.attempts.over", {
                      count: each.attempts,
                    })}
                  </small>
                </span>
              </li>
            ))}
          </ul>
          <Pager offset={offset} limit={FAILURES_PAGE} total={answer.total} onChange={setOffset} />
        </>
      )}
    </div>
  );
}
