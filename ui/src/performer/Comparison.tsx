import { Bootstrap, React, Router } from "../host";
import { Meter } from "../parts/Meter";
import { Failed, Working } from "../parts/notices";
import { useAnswer } from "../parts/useAnswer";
import { useText } from "../text";
import { Crop, ItemLink } from "./Crop";
import { Merge } from "./Merge";
import { compareFaces, performerFaces, type PerformerFaces, type Person } from "./operations";
import { SAMENESS } from "./wording";

const { Button } = Bootstrap;

interface Props {
  performerId: string;
  otherId: string;
  busy: boolean;
  onDifferent(): void;
  onMerge(keep: Person, gone: Person): void;
}

/** Two performers side by side, with how alike their faces are, and what may be done about it. */
export function Comparison({ performerId, otherId, busy, onDifferent, onMerge }: Props) {
  const text = useText();
  const { state, again } = useAnswer(
    React.useCallback(
      (signal: AbortSignal) =>
        Promise.all([
          compareFaces(performerId, otherId, signal),
          performerFaces(performerId, 0, signal),
          performerFaces(otherId, 0, signal),
        ]),
      [performerId, otherId],
    ),
  );
  if (state.kind === "working") return <Working words={text("compreface.performer.comparing")} />;
  if (state.kind === "failed") {
    return <Failed title={text("compreface.failed.panel")} message={state.message} onRetry={again} />;
  }
  const [found, mine, theirs] = state.value;
  return (
    <div className="compreface-comparison">
      <p>
        <strong>{text(SAMENESS[found.verdict])}</strong>{" "}
        {text("compreface.performer.alike", {
          alike: found.similarities.filter((each) => each >= found.required).length,
          count: found.similarities.length,
        })}{" "}
        <Meter similarity={found.median} required={found.required} />
      </p>
      <div className="compreface-sides">
        <Side known={mine} />
        <Side known={theirs} />
      </div>
      <div className="compreface-actions">
        <Button size="sm" variant="secondary" disabled={busy} onClick={onDifferent}>
          {text("compreface.performer.apart")}
        </Button>
        <Merge
          pair={[
            { id: performerId, name: mine.name },
            { id: otherId, name: theirs.name },
          ]}
          obstacles={found.merge}
          busy={busy}
          onMerge={onMerge}
        />
      </div>
    </div>
  );
}

function Side({ known }: { known: PerformerFaces }) {
  const text = useText();
  const { images, scenes } = known.inStash;
  return (
    <div className="compreface-side">
      <Router.Link to={`/performers/${known.performerId}`}>
        <bdi>{known.name}</bdi>
      </Router.Link>
      <div className="text-muted">
        {text("compreface.performer.images", { count: images })}, {text("compreface.performer.scenes", { count: scenes })}
      </div>
      <ul className="compreface-grid">
        {known.examples.map((each) => (
          <li key={each.exampleId} className="compreface-tile">
            <ItemLink item={each.item}>
              <Crop
                picture={each.crop}
                words={
                  each.item === null
                    ? text("compreface.performer.own")
                    : text(`compreface.performer.on.${each.item.kind}`, { id: each.item.id })
                }
              />
            </ItemLink>
          </li>
        ))}
      </ul>
    </div>
  );
}
