import { inReadingOrder } from "../faces/geometry";
import { Bootstrap, React } from "../host";
import { messageOf } from "../messageOf";
import { identifyImage, type Face } from "../operations";
import { useText } from "../text";
import { Crop } from "./Crop";
import type { Example } from "./operations";

const { Button, Form, Spinner } = Bootstrap;

interface Props {
  examples: Example[];
  busy: boolean;
  onLearn(faceId: number): void;
}

/** A face of any image, which the plugin did not recognise by itself, becomes an example. */
export function AddFromImage({ examples, busy, onLearn }: Props) {
  const text = useText();
  const [typed, setTyped] = React.useState("");
  const [faces, setFaces] = React.useState<Face[] | null>(null);
  const [looking, setLooking] = React.useState(false);
  const [failed, setFailed] = React.useState("");
  const field = React.useRef(`compreface-image-${Math.random().toString(36).slice(2)}`).current;
  const imageId = /(\d+)\D*$/.exec(typed.split(/[?#]/)[0] ?? "")?.[1];
  const learned = new Set(examples.map((each) => each.faceId));
  const look = () => {
    if (imageId === undefined) return;
    setLooking(true);
    setFailed("");
    setFaces(null);
    identifyImage(imageId)
      .then(
        (answer) => setFaces(inReadingOrder(answer.faces)),
        (error: unknown) => setFailed(messageOf(error)),
      )
      .finally(() => setLooking(false));
  };
  return (
    <Form
      onSubmit={(event) => {
        event.preventDefault();
        look();
      }}
    >
      <Form.Label htmlFor={field}>{text("compreface.performer.fromImage")}</Form.Label>
      <div className="compreface-actions">
        <Form.Control
          id={field}
          className="text-input"
          size="sm"
          value={typed}
          placeholder={text("compreface.performer.fromImage.hint")}
          onChange={(event) => setTyped(event.target.value)}
        />
        <Button type="submit" size="sm" variant="secondary" disabled={imageId === undefined || looking}>
          {looking && <Spinner animation="border" size="sm" />} {text("compreface.detect")}
        </Button>
      </div>
      <div role="status">
        {faces?.length === 0 && <p className="text-muted">{text("compreface.none.title")}</p>}
      </div>
      {failed && (
        <p className="compreface-refused" role="alert">
          {failed}
        </p>
      )}
      <ul className="compreface-grid">
        {(faces ?? []).map((each, index) => (
          <li key={each.id} className="compreface-tile">
            <Crop picture={each.crop} words={text("compreface.performer.face", { number: index + 1 })} />
            {learned.has(each.id) ? (
              <small className="text-muted">{text("compreface.performer.isExample")}</small>
            ) : (
              <Button
                size="sm"
                variant="secondary"
                disabled={busy}
                aria-label={`${text("compreface.performer.itIs")}: ${text("compreface.performer.face", { number: index + 1 })}`}
                onClick={() => onLearn(each.id)}
              >
                {text("compreface.performer.itIs")}
              </Button>
            )}
          </li>
        ))}
      </ul>
    </Form>
  );
}
