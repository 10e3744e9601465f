import "./styles.css";

import { Bootstrap, Icon, React } from "../host";
import { Ended } from "../parts/Ended";
import { useRemembered } from "../parts/hooks";
import { Failed, Notice, Working } from "../parts/notices";
import { Progress } from "../parts/Progress";
import { shortcutName, useShortcut } from "../shortcuts";
import { useText } from "../text";
import { PeopleList } from "./PeopleList";
import { TagImages, useTagImages } from "./TagImages";
import { UnknownPeople } from "./UnknownPeople";
import { useGallery, type GalleryFaces as Faces } from "./useGallery";

const { Button } = Bootstrap;

const SHORTCUT = "f";
const OPEN_KEY = "compreface.gallery.open"; // of localStorage

/** Above the images of a gallery: folded away until it is wanted, and then as it was left. */
export function GalleryFaces({ galleryId }: { galleryId: string }) {
  const text = useText();
  const [open, setOpen] = useRemembered(OPEN_KEY, false);
  const toggle = React.useRef<HTMLButtonElement>(null);
  useShortcut(SHORTCUT, () => {
    setOpen(true);
    toggle.current?.focus();
  });
  const id = `compreface-gallery-${galleryId}`;
  return (
    <section className="compreface compreface-gallery card" aria-label={text("compreface.tab.faces")}>
      <button
        ref={toggle}
        type="button"
        className="compreface-fold"
        title={shortcutName(SHORTCUT)}
        aria-expanded={open}
        aria-controls={id}
        onClick={() => setOpen(!open)}
      >
        <Icon name={open ? "faChevronDown" : "faChevronRight"} /> {text("compreface.gallery.title")}
      </button>
      <div id={id}>{open && <People galleryId={galleryId} />}</div>
    </section>
  );
}

function People({ galleryId }: { galleryId: string }) {
  const text = useText();
  const faces = useGallery(galleryId);
  const { phase, work } = faces;
  if (faces.imageCount === 0) {
    return <Notice icon="faImages" title={text("compreface.gallery.empty")} words={text("compreface.gallery.empty.text")} />;
  }
  return (
    <>
      <div className="sr-only" role="status" aria-live="polite">
        {faces.people.said}
      </div>
      <Ended work={work} title={text("compreface.gallery.failed")} />
      {work.active && <Progress work={work} words={text("compreface.gallery.looking")} />}
      {!work.active && phase.kind === "loading" && <Working words={text("compreface.loading")} />}
      {!work.active && phase.kind === "failed" && (
        <Failed title={text("compreface.gallery.failed")} message={phase.message} onRetry={faces.load} />
      )}
      {!work.active && phase.kind === "new" && work.ending === null && (
        <Notice
          icon="faUsers"
          title={text("compreface.gallery.start.title")}
          words={text("compreface.gallery.start.text", { count: faces.imageCount })}
        >
          <Find faces={faces} />
        </Notice>
      )}
      {!work.active && phase.kind === "ready" && <Found galleryId={galleryId} faces={faces} />}
    </>
  );
}

function Find({ faces, again = false }: { faces: Faces; again?: boolean }) {
  const text = useText();
  return (
    <Button size={again ? "sm" : undefined} variant={again ? "secondary" : "primary"} onClick={faces.find}>
      <Icon name={again ? "faArrowsRotate" : "faMagnifyingGlass"} />{" "}
      <span>{text(again ? "compreface.detect.again" : "compreface.gallery.find")}</span>
    </Button>
  );
}

function Found({ galleryId, faces }: { galleryId: string; faces: Faces }) {
  const text = useText();
  const { failed } = faces;
  const { people, undoable, decide, together, undo, busy } = faces.people;
  const summary = React.useRef<HTMLElement>(null);
  const act = (task: () => void) => {
    summary.current?.focus({ preventScroll: true }); // what was pressed goes
    task();
  };
  const [tagImages, setTagImages] = useTagImages();
  const sure = people.filter((each) => each.sure && !each.onGallery && !undoable.has(each.performerId));
  return (
    <>
      <div className="compreface-summary">
        <strong ref={summary} tabIndex={-1}>{text("compreface.gallery.count", { count: people.length })}</strong>
        {sure.length > 1 && (
          <Button size="sm" variant="success" onClick={() => act(() => decide("accept", sure, tagImages))}>
            <Icon name="faCheckDouble" /> <span>{text("compreface.accept.all", { count: sure.length })}</span>
          </Button>
        )}
        {together.length > 1 && (
          <Button
            size="sm"
            variant="secondary"
            disabled={together.some((id) => busy.has(id))}
            onClick={() => act(() => undo(together))}
          >
            <Icon name="faRotateLeft" /> <span>{text("compreface.undo.all", { count: together.length })}</span>
          </Button>
        )}
        <Find faces={faces} again />
      </div>
      <TagImages checked={tagImages} onChange={setTagImages} />
      {failed > 0 && <p className="text-muted">{text("compreface.gallery.errors", { count: failed })}</p>}
      {people.length === 0 && <p className="text-muted">{text("compreface.gallery.nobody")}</p>}
      <PeopleList people={faces.people} tagImages={tagImages} />
      <UnknownPeople galleryId={galleryId} generation={faces.generation} tagImages={tagImages} onChanged={faces.load} />
    </>
  );
}
