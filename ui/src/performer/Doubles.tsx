import { Bootstrap, React, Router } from "../host";
import { Meter } from "../parts/Meter";
import { Failed, messageOf, Working } from "../parts/notices";
import { useAnswer } from "../parts/useAnswer";
import { useText, type MessageId } from "../text";
import { Comparison } from "./Comparison";
import { duplicatesOf, tellApart, type Pair, type Sameness } from "./operations";
import { Undo } from "./Undo";

const { Button } = Bootstrap;

export const SAMENESS: Record<Sameness, MessageId> = {
  "same person": "compreface.performer.same",
  unsure: "compreface.performer.unsure",
  "different people": "compreface.performer.different",
};

interface Props {
  performerId: string;
  onMerged(): void;
}

/** Performers who are perhaps the same person. Asked for by a click: it compares with everybody. */
export function Doubles({ performerId, onMerged }: Props) {
  const text = useText();
  const [asked, setAsked] = React.useState(false);
  return (
    <>
      <h6>{text("compreface.performer.doubles")}</h6>
      {asked ? (
        <Found performerId={performerId} onMerged={onMerged} />
      ) : (
        <Button size="sm" variant="secondary" onClick={() => setAsked(true)}>
          {text("compreface.performer.doubles.find")}
        </Button>
      )}
    </>
  );
}

function Found({ performerId, onMerged }: Props) {
  const text = useText();
  const { state, again, put } = useAnswer(
    React.useCallback((signal: AbortSignal) => duplicatesOf(performerId, signal), [performerId]),
  );
  const [shown, setShown] = React.useState("");
  const [apart, setApart] = React.useState<{ id: string; name: string } | null>(null);
  const [busy, setBusy] = React.useState(false);
  const [refused, setRefused] = React.useState("");

  const say = (id: string, name: string, different: boolean) => {
    setBusy(true);
    setRefused("");
    tellApart(performerId, id, different)
      .then(
        (pairs) => {
          put(() => pairs);
          setShown("");
          setApart(different ? { id, name } : null);
        },
        (error: unknown) => setRefused(messageOf(error)),
      )
      .finally(() => setBusy(false));
  };

  if (state.kind === "working") return <Working words={text("compreface.performer.doubles.loading")} />;
  if (state.kind === "failed") {
    return <Failed title={text("compreface.failed.panel")} message={state.message} onRetry={again} />;
  }
  return (
    <>
      <div role="status">
        {state.value.length === 0 && <p className="text-muted">{text("compreface.performer.doubles.none")}</p>}
        {apart && (
          <Undo
            words={text("compreface.performer.apart.done", { name: apart.name })}
            busy={busy}
            onUndo={() => say(apart.id, apart.name, false)}
          />
        )}
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
                <Meter similarity={pair.best} required={1} />
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
                  onMerged={onMerged}
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
