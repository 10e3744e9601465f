import { Bootstrap, React, refreshHost, Router } from "../host";
import { messageOf } from "../messageOf";
import { undoRun } from "../operations";
import { Meter } from "../parts/Meter";
import { Undo } from "../parts/Undo";
import { Failed, Working } from "../parts/notices";
import { useAnswer } from "../parts/useAnswer";
import { useText } from "../text";
import { Comparison } from "./Comparison";
import { duplicatesOf, mergePerformers, tellApart, type Pair, type Person } from "./operations";
import { SAMENESS } from "./wording";

const { Button } = Bootstrap;

interface Props {
  performerId: string;
  /** Somebody was merged, or two again. */
  onChanged(): void;
}

interface Done {
  words: string;
  undo?: () => void;
}

/** Performers who are perhaps the same person. Asked for by a click: it compares with everybody. */
export function Doubles({ performerId, onChanged }: Props) {
  const text = useText();
  const [asked, setAsked] = React.useState(false);
  return (
    <>
      <h6>{text("compreface.performer.doubles")}</h6>
      {asked ? (
        <Found performerId={performerId} onChanged={onChanged} />
      ) : (
        <Button size="sm" variant="secondary" onClick={() => setAsked(true)}>
          {text("compreface.performer.doubles.find")}
        </Button>
      )}
    </>
  );
}

function Found({ performerId, onChanged }: Props) {
  const text = useText();
  const { state, again, put } = useAnswer(
    React.useCallback((signal: AbortSignal) => duplicatesOf(performerId, signal), [performerId]),
  );
  const history = Router.useHistory();
  const [shown, setShown] = React.useState("");
  const [done, setDone] = React.useState<Done | null>(null);
  const [busy, setBusy] = React.useState(false);
  const [refused, setRefused] = React.useState("");

  const act = (task: () => Promise<Done | null>) => {
    setBusy(true);
    setRefused("");
    task()
      .then(setDone, (error: unknown) => setRefused(messageOf(error)))
      .finally(() => setBusy(false));
  };

  const say = (id: string, name: string, different: boolean) =>
    act(async () => {
      const pairs = await tellApart(performerId, id, different);
      put(() => pairs);
      setShown("");
      if (!different) return null;
      return { words: text("compreface.performer.apart.done", { name }), undo: () => say(id, name, false) };
    });

  const merge = (keep: Person, gone: Person) =>
    act(async () => {
      const runId = await mergePerformers(keep.id, gone.id);
      if (gone.id === performerId) history.push(`/performers/${keep.id}`); // this page is nobody's any more
      setShown("");
      put((old) => old.filter((pair) => !pair.performerIds.includes(gone.id)));
      void refreshHost();
      onChanged();
      return { words: text("compreface.performer.merged", { keep: keep.name }), undo: () => split(runId) };
    });

  const split = (runId: string) =>
    act(async () => {
      await undoRun(runId);
      void refreshHost();
      onChanged();
      again();
      return { words: text("compreface.done.undo") };
    });

  if (state.kind === "working") return <Working words={text("compreface.performer.doubles.loading")} />;
  if (state.kind === "failed") {
    return <Failed title={text("compreface.failed.panel")} message={state.message} onRetry={again} />;
  }
  return (
    <>
      <div role="status">
        {state.value.length === 0 && <p className="text-muted">{text("compreface.performer.doubles.none")}</p>}
        {done && <Undo words={done.words} busy={busy} onUndo={done.undo} />}
      </div>
      {refused && (
        <p className="compreface-refused" role="alert">
          {refused}
        </p>
      )}
      <ul className="compreface-doubles">
        {state.value.map((pair) => {
          const [id, name] = otherOf(pair, performerId);
          return (
            <li key={id} className="card">
              <div className="compreface-heading">
                <Router.Link to={`/performers/${id}`}>
                  <bdi>{name}</bdi>
                </Router.Link>
                <span className="text-muted">{text(SAMENESS[pair.verdict])}</span>
                <Meter similarity={pair.best} />
                <Button
                  size="sm"
                  variant="secondary"
                  aria-expanded={shown === id}
                  aria-label={`${text("compreface.performer.compare")}: ${name}`}
                  onClick={() => setShown(shown === id ? "" : id)}
                >
                  {text("compreface.performer.compare")}
                </Button>
              </div>
              {shown === id && (
                <Comparison
                  performerId={performerId}
                  otherId={id}
                  busy={busy}
                  onDifferent={() => say(id, name, true)}
                  onMerge={merge}
                />
              )}
            </li>
          );
        })}
      </ul>
    </>
  );
}

function otherOf(pair: Pair, performerId: string): [id: string, name: string] {
  const second = pair.performerIds[0] === performerId;
  return second ? [pair.performerIds[1], pair.names[1]] : [pair.performerIds[0], pair.names[0]];
}
