import { Bootstrap, Icon, React } from "../host";
import { useText } from "../text";
import { Crop, ItemLink } from "./Crop";
import type { Example, PerformerFaces } from "./operations";

const { Alert, Badge, Button } = Bootstrap;

interface Props {
  known: PerformerFaces;
  busy: boolean;
  onRemove(example: Example): void;
}

/** The faces a performer is recognised by, odd ones first. */
export function Examples({ known, busy, onRemove }: Props) {
  const text = useText();
  const best = bestOf(known.examples);
  return (
    <>
      <h6>{text("compreface.performer.examples", { count: known.examples.length })}</h6>
      {known.odd > 0 && (
        <Alert variant="warning">
          <Icon name="faTriangleExclamation" /> {text("compreface.performer.contaminated", { count: known.odd })}
        </Alert>
      )}
      {known.examples.length === 0 && <p className="text-muted">{text("compreface.performer.none")}</p>}
      <ul className="compreface-grid">
        {known.examples.map((each) => (
          <li key={each.exampleId} className={each.odd ? "compreface-tile compreface-odd" : "compreface-tile"}>
            <ItemLink item={each.item}>
              <Crop picture={each.crop} words={describe(each)} />
            </ItemLink>
            <div>
              {each.odd && <Badge variant="warning">{text("compreface.performer.odd")}</Badge>}
              {each === best && <Badge variant="success">{text("compreface.performer.best")}</Badge>}
              {each.origin === "own picture" && <Badge variant="secondary">{text("compreface.performer.own")}</Badge>}
            </div>
            {each.agreement !== null && (
              <small className="text-muted">
                {text("compreface.performer.agreement", { value: text.similarity(each.agreement) })}
              </small>
            )}
            <Button
              size="sm"
              variant="secondary"
              disabled={busy}
              aria-label={`${text("compreface.performer.remove")}: ${describe(each)}`}
              onClick={() => onRemove(each)}
            >
              {text("compreface.performer.remove")}
            </Button>
          </li>
        ))}
      </ul>
    </>
  );

  function describe(example: Example): string {
    if (example.item === null) return text("compreface.performer.own");
    return text(`compreface.performer.on.${example.item.kind}`, { id: example.item.id });
  }
}

/** The one of the best quality among those that agree with the others. */
function bestOf(examples: Example[]): Example | undefined {
  const sound = examples.filter((each) => !each.odd);
  return sound.length < 2 ? undefined : sound.reduce((best, each) => (each.quality > best.quality ? each : best));
}
