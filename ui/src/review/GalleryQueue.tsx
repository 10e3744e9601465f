import { galleriesWaiting, galleryResult, type GalleryWaiting } from "../gallery/operations";
import { PeopleList } from "../gallery/PeopleList";
import { TagImages, useTagImages } from "../gallery/TagImages";
import { usePeople } from "../gallery/usePeople";
import { Bootstrap, React } from "../host";
import { Failed, Notice, Working } from "../parts/notices";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useDoing } from "../parts/useDoing";
import { useText } from "../text";
import { keyOf, type ItemOfStash } from "./api";
import { useItems } from "./hooks";
import { ItemLink } from "./ItemLink";

const { Button } = Bootstrap;

const first = (signal: AbortSignal) => galleriesWaiting("0", signal);

/** Galleries that were looked at, with the people in them who are not on them yet. `onFaces` shows those of one. */
export function GalleryQueue({ onFaces }: { onFaces: (galleryId: string) => void }) {
  const text = useText();
  const { state: asked, again, put } = useAnswer(first);
  const [tagImages, setTagImages] = useTagImages();
  const { busy, fault, run } = useDoing();
  const answer = valueOf(asked);
  const galleries = answer?.galleries ?? [];
  const items = useItems(galleries.map(({ galleryId }) => ({ kind: "gallery", id: galleryId })));
  const more = (after: string) =>
    run(async () => {
      const page = await galleriesWaiting(after);
      put((old) => ({ galleries: [...old.galleries, ...page.galleries], next: page.next }));
    });
  return (
    <>
      {asked.kind === "failed" && (
        <Failed title={text("compreface.galleries.failed")} message={asked.message} onRetry={again} />
      )}
      {answer === undefined && asked.kind === "working" && <Working words={text("compreface.galleries.loading")} />}
      {answer && galleries.length === 0 && (
        <Notice
          icon="faImages"
          title={text("compreface.galleries.none.title")}
          words={text("compreface.galleries.none.text")}
        />
      )}
      {galleries.length > 0 && (
        <div className="compreface-filters">
          <TagImages checked={tagImages} onChange={setTagImages} />
        </div>
      )}
      {galleries.map((each) => (
        <OneGallery
          key={each.galleryId}
          gallery={each}
          known={items.get(keyOf({ kind: "gallery", id: each.galleryId }))}
          tagImages={tagImages}
          onFaces={() => onFaces(each.galleryId)}
        />
      ))}
      {galleries.length > 0 && <p className="compreface-keys text-muted">{text("compreface.galleries.keys")}</p>}
      {fault !== "" && <Failed title={text("compreface.galleries.failed")} message={fault} />}
      {answer?.next != null && (
        <Button size="sm" variant="secondary" disabled={busy} onClick={() => answer.next && more(answer.next)}>
          {text("compreface.more")}
        </Button>
      )}
    </>
  );
}

interface OneProps {
  gallery: GalleryWaiting;
  known: ItemOfStash | undefined;
  tagImages: boolean;
  onFaces: () => void;
}

function OneGallery({ gallery, known, tagImages, onFaces }: OneProps) {
  const text = useText();
  const { galleryId, title, waiting } = gallery;
  const reread = async () => {
    const { people } = await galleryResult(galleryId);
    const shown = new Set(gallery.people.map((each) => each.performerId));
    state.put((people ?? []).filter((each) => shown.has(each.performerId)));
  };
  const state = usePeople(galleryId, gallery.people, () => undefined, reread);
  const name = known?.title || title || text("compreface.review.gallery", { id: galleryId });
  return (
    <section className="compreface-row compreface-gallery-row card" aria-label={name}>
      <div className="compreface-row-head">
        <ItemLink item={{ kind: "gallery", id: galleryId }} known={{ title: name, picture: known?.picture ?? null }} />
        {waiting > 0 && (
          <Button size="sm" variant="secondary" onClick={onFaces}>
            {text("compreface.galleries.waiting", { count: waiting })}
          </Button>
        )}
      </div>
      <div className="sr-only" role="status" aria-live="polite">
        {state.said}
      </div>
      <PeopleList people={state} tagImages={tagImages} />
    </section>
  );
}
