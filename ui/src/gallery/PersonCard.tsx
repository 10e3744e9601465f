import { Bootstrap, Icon, React, served } from "../host";
import { similarityWords } from "../faces/wording";
import { cardKeys, keepFocus } from "../parts/cardKeys";
import { ImageLink, PerformerLink } from "../parts/links";
import { useText } from "../text";
import type { PersonInGallery } from "./operations";

const { Badge, Button, Spinner } = Bootstrap;

const MOST_THUMBNAILS = 24;
const BELOW_SURE = 0.99; // similarity: seen on too few images, nobody is almost certain

interface Props {
  person: PersonInGallery;
  picture: string | undefined;
  busy: boolean;
  refused: string | undefined;
  undoable: boolean;
  onAccept: () => void;
  onReject: () => void;
  onUndo: () => void;
}

/** One performer of the library as seen in the gallery. */
export function PersonCard(props: Props) {
  const { person, picture, busy, refused } = props;
  const text = useText();
  const [open, setOpen] = React.useState(false);
  const count = person.imageIds.length || person.proposedOn.length;
  const values = { best: text.similarity(person.best), mean: text.similarity(person.mean) };
  const settled = person.onGallery || props.undoable;
  const keys = cardKeys(
    { y: settled ? undefined : props.onAccept, n: settled ? undefined : props.onReject, u: props.undoable ? props.onUndo : undefined },
    busy,
  );
  return (
    <li
      className="compreface-person card"
      tabIndex={0}
      aria-label={text("compreface.gallery.person", { name: person.name, count })}
      aria-busy={busy}
      onKeyDown={keys}
    >
      <div className="compreface-person-main">
        <div className="compreface-crop">
          {picture ? <img className="compreface-own-picture" src={picture} alt="" loading="lazy" /> : <Icon name="faUser" className="compreface-crop-empty" />}
        </div>
        <div className="compreface-card-body">
          <h6 className="compreface-name">
            <PerformerLink id={person.performerId} name={person.name} />
          </h6>
          <div>
            <Standing {...props} />{" "}
            <button type="button" className="compreface-more" aria-expanded={open} onClick={() => setOpen(!open)}>
              {text(person.imageIds.length > 0 ? "compreface.gallery.images" : "compreface.gallery.proposed", { count })}{" "}
              <Icon name={open ? "faChevronUp" : "faChevronDown"} />
            </button>
          </div>
          <small className="text-muted">
            {text(count > 1 ? "compreface.gallery.similarity" : "compreface.gallery.similarity.one", values)}
          </small>
        </div>
        {busy && <Spinner animation="border" size="sm" />}
      </div>
      {refused !== undefined && (
        <p className="compreface-refused" role="alert">
          {text("compreface.failed.write")}: {refused}
        </p>
      )}
      {open && <Thumbnails person={person} />}
      <Actions {...props} />
    </li>
  );
}

function Standing({ person, undoable }: Props) {
  const text = useText();
  if (person.onGallery) return <Badge variant="success">{text("compreface.gallery.on")}</Badge>;
  if (undoable) return <Badge variant="secondary">{text("compreface.gallery.denied")}</Badge>;
  return person.sure ? (
    <Badge variant="success">{text("compreface.words.sure")}</Badge>
  ) : (
    <Badge variant="warning">{text(similarityWords(Math.min(person.best, BELOW_SURE)))}</Badge>
  );
}

function Actions({ person, busy, undoable, onAccept, onReject, onUndo }: Props) {
  const text = useText();
  if (undoable) {
    return (
      <div className="compreface-actions">
        <Button
          size="sm"
          variant="secondary"
          disabled={busy}
          aria-label={`${text("compreface.undo")}: ${person.name}`}
          onClick={(event) => {
            keepFocus(event);
            onUndo();
          }}
        >
          <Icon name="faRotateLeft" /> <span>{text("compreface.undo")}</span>
        </Button>
      </div>
    );
  }
  if (person.onGallery) return null;
  return (
    <div className="compreface-actions">
      <Button
        size="sm"
        variant="success"
        disabled={busy}
        aria-label={`${text("compreface.accept")}: ${person.name}`}
        onClick={(event) => {
          keepFocus(event);
          onAccept();
        }}
      >
        <Icon name="faCheck" /> <span>{text("compreface.accept")}</span>
      </Button>
      <Button
        size="sm"
        variant="secondary"
        disabled={busy}
        aria-label={`${text("compreface.reject")}: ${person.name}`}
        onClick={(event) => {
          keepFocus(event);
          onReject();
        }}
      >
        <Icon name="faXmark" /> <span>{text("compreface.reject")}</span>
      </Button>
    </div>
  );
}

function Thumbnails({ person }: { person: PersonInGallery }) {
  const text = useText();
  const ids = [...person.imageIds, ...person.proposedOn];
  return (
    <ul className="compreface-thumbnails">
      {ids.slice(0, MOST_THUMBNAILS).map((id) => (
        <li key={id}>
          <ImageLink id={id} label={text("compreface.gallery.image", { id })}>
            <img src={served(`image/${id}/thumbnail`)} alt="" loading="lazy" />
          </ImageLink>
        </li>
      ))}
      {ids.length > MOST_THUMBNAILS && (
        <li className="text-muted">{text("compreface.gallery.more", { count: ids.length - MOST_THUMBNAILS })}</li>
      )}
    </ul>
  );
}
