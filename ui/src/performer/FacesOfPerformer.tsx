import { Icon, React, refreshHost, Router } from "../host";
import { messageOf } from "../messageOf";
import { undoRun } from "../operations";
import { Undo } from "../parts/Undo";
import { Failed, Working } from "../parts/notices";
import { useAnswer } from "../parts/useAnswer";
import { useText } from "../text";
import { AddFromImage } from "./AddFromImage";
import { Doubles } from "./Doubles";
import { Examples } from "./Examples";
import { SeenFaces } from "./SeenFaces";
import { addExample, performerFaces, removeExample, type Example, type PerformerFaces } from "./operations";

interface Done {
  said: string;
  runId: string | null;
}

/** What a performer is recognised by, where, and who may be the same person. */
export function FacesOfPerformer({ performerId }: { performerId: string }) {
  const text = useText();
  const { state, again, put } = useAnswer(
    React.useCallback((signal: AbortSignal) => performerFaces(performerId, 0, signal), [performerId]),
  );
  const [busy, setBusy] = React.useState(false);
  const [done, setDone] = React.useState<Done | null>(null);
  const [refused, setRefused] = React.useState("");
  const status = React.useRef<HTMLDivElement>(null);

  const act = React.useCallback(async (task: () => Promise<Done | null>) => {
    status.current?.focus({ preventScroll: true }); // what was pressed may go
    setBusy(true);
    setRefused("");
    setDone(null);
    try {
      setDone(await task());
      void refreshHost();
    } catch (error) {
      setRefused(messageOf(error));
    } finally {
      setBusy(false);
    }
  }, []);

  if (state.kind === "working") return <Working words={text("compreface.performer.loading")} />;
  if (state.kind === "failed") {
    return <Failed title={text("compreface.failed.panel")} message={state.message} onRetry={again} />;
  }
  const known = state.value;
  const reread = async () => {
    const fresh = await performerFaces(performerId).catch(() => null); // what is shown stays where that fails
    if (fresh) put(() => fresh);
  };
  const learn = (faceId: number) =>
    void act(async () => {
      const { examples, odd, runId } = await addExample(performerId, faceId);
      put((old) => ({ ...old, examples, odd }));
      return { said: text("compreface.performer.learned"), runId };
    });
  const forget = (example: Example) =>
    void act(async () => {
      const { examples, odd, runId } = await removeExample(performerId, example.exampleId);
      put((old) => ({ ...old, examples, odd }));
      return { said: text("compreface.performer.forgotten"), runId };
    });
  const undo = (runId: string) =>
    void act(async () => {
      await undoRun(runId);
      await reread();
      return { said: text("compreface.done.undo"), runId: null };
    });

  const runId = done?.runId;
  const wayBack = runId ? () => undo(runId) : undefined;
  return (
    <div className="compreface-performer-body">
      <Where known={known} />
      <div ref={status} role="status" tabIndex={-1}>{done && <Undo words={done.said} busy={busy} onUndo={wayBack} />}</div>
      {refused && (
        <p className="compreface-refused" role="alert">
          {refused}
        </p>
      )}
      <Examples known={known} busy={busy} onRemove={forget} />
      <SeenFaces known={known} busy={busy} onLearn={learn} />
      <AddFromImage examples={known.examples} busy={busy} onLearn={learn} />
      <Doubles performerId={performerId} onChanged={() => void reread()} />
    </div>
  );
}

interface WhereLine {
  icon: string;
  page: "images" | "scenes" | "galleries";
  /** On how many the plugin recognised her; 0 is not told. */
  recognised: number;
}

function Where({ known }: { known: PerformerFaces }) {
  const text = useText();
  const lines: WhereLine[] = [
    { icon: "faImage", page: "images", recognised: known.recognised.images },
    { icon: "faCirclePlay", page: "scenes", recognised: known.recognised.scenes },
    { icon: "faImages", page: "galleries", recognised: 0 },
  ];
  return (
    <ul className="compreface-where">
      {lines.map(({ icon, page, recognised }) => (
        <li key={page}>
          <Icon name={icon} />{" "}
          <Router.Link to={`/performers/${known.performerId}/${page}`}>
            {text(`compreface.performer.${page}`, { count: known.inStash[page] })}
          </Router.Link>{" "}
          {recognised > 0 && (
            <span className="text-muted">{text("compreface.performer.recognised", { count: recognised })}</span>
          )}
        </li>
      ))}
      {known.waiting > 0 && (
        <li>
          <Icon name="faHourglassHalf" /> {text("compreface.performer.waiting", { count: known.waiting })}
        </li>
      )}
    </ul>
  );
}
