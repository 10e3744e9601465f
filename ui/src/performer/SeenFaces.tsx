import { Bootstrap, React } from "../host";
import { messageOf } from "../messageOf";
import { useText } from "../text";
import { Crop, ItemLink } from "./Crop";
import { PAGE, performerFaces, type PerformerFaces, type SeenFace } from "./operations";

const { Button, Spinner } = Bootstrap;

interface Props {
  known: PerformerFaces;
  busy: boolean;
  onLearn(faceId: number): void;
}

/** Where a performer was recognised, best faces first; any of them may be learned from. */
export function SeenFaces({ known, busy, onLearn }: Props) {
  const text = useText();
  const [more, setMore] = React.useState<SeenFace[]>([]);
  const [loading, setLoading] = React.useState(false);
  const [failed, setFailed] = React.useState("");
  React.useEffect(() => setMore([]), [known.faces]);
  const faces = [...known.faces, ...more];
  const learned = new Set(known.examples.map((each) => each.faceId));
  const load = () => {
    setLoading(true);
    setFailed("");
    performerFaces(known.performerId, faces.length)
      .then(
        (answer) => setMore((old) => [...old, ...answer.faces]),
        (error: unknown) => setFailed(messageOf(error)),
      )
      .finally(() => setLoading(false));
  };
  if (known.total === 0) return null;
  return (
    <>
      <h6>{text("compreface.performer.seen", { count: known.total })}</h6>
      <ul className="compreface-grid">
        {faces.map((each) => (
          <li key={each.id} className="compreface-tile">
            <ItemLink item={each.item}>
              <Crop
                picture={each.crop}
                words={text(`compreface.performer.on.${each.item.kind}`, { id: each.item.id })}
              />
            </ItemLink>
            {learned.has(each.id) ? (
              <small className="text-muted">{text("compreface.performer.isExample")}</small>
            ) : (
              <Button
                size="sm"
                variant="secondary"
                disabled={busy}
                aria-label={`${text("compreface.performer.learn")}: ${text(`compreface.performer.on.${each.item.kind}`, { id: each.item.id })}`}
                onClick={() => onLearn(each.id)}
              >
                {text("compreface.performer.learn")}
              </Button>
            )}
          </li>
        ))}
      </ul>
      {failed && (
        <p className="compreface-refused" role="alert">
          {failed}
        </p>
      )}
      {faces.length < known.total && (
        <Button size="sm" variant="secondary" disabled={loading} onClick={load}>
          {loading && <Spinner animation="border" size="sm" />}{" "}
          {text("compreface.performer.more", { count: Math.min(PAGE, known.total - faces.length) })}
        </Button>
      )}
    </>
  );
}
