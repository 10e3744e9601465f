import { Bootstrap, Icon, React } from "../host";
import { useText } from "../text";
import { keyOf, type ItemRef, type QueueFilter, type Waiting } from "./api";
import { useItems } from "./hooks";
import { itemWords } from "./ItemLink";
import { PickGallery } from "./PickGallery";
import type { Queue } from "./useQueue";

const { Button, ButtonGroup } = Bootstrap;

const MOST_PERFORMERS = 300; // in the list to choose from, those with most to decide
const ITEMS = ["image", "gallery", "scene"] as const; // in the address: only the faces of this one

/** The kind in the address that asks for galleries as a whole, and not for faces. */
export const GALLERIES = "gallery";

/** What is to stand in the address; an empty value takes it out. */
export type Narrowing = Record<string, string>;

export function narrowed(query: URLSearchParams, change: Narrowing): URLSearchParams {
  const next = new URLSearchParams(query);
  for (const [name, value] of Object.entries(change)) {
    if (value === "") next.delete(name);
    else next.set(name, value);
  }
  return next;
}

/** What the address narrows the faces to. */
export function filterOf(query: URLSearchParams): QueueFilter {
  const kind = query.get("kind");
  return {
    by: query.get("by") === "item" ? "item" : "person",
    kind: kind === "image" || kind === "scene" ? kind : undefined,
    performerId: query.get("performer") ?? undefined,
    imageId: query.get("image") ?? undefined,
    galleryId: query.get("gallery") ?? undefined,
    sceneId: query.get("scene") ?? undefined,
  };
}

interface Props {
  query: URLSearchParams;
  /** Absent where galleries are shown. */
  queue?: Queue;
  onChange: (change: Narrowing) => void;
  onReload: () => void;
}

export function Filters({ query, queue, onChange, onReload }: Props) {
  const text = useText();
  const [picking, setPicking] = React.useState(false);
  const pick = React.useRef<HTMLButtonElement>(null);
  const by = filterOf(query).by;
  const only = ITEMS.flatMap((kind): ItemRef[] => {
    const id = query.get(kind);
    return id === null ? [] : [{ kind, id }];
  });
  const latest = React.useRef(onChange);
  latest.current = onChange;
  const choose = React.useCallback((performer: string) => latest.current({ performer }), []);
  const close = () => {
    setPicking(false);
    pick.current?.focus();
  };
  return (
    <>
      <div className="compreface-filters">
        {queue && (
          <ButtonGroup size="sm" aria-label={text("compreface.review.order")}>
            {(["person", "item"] as const).map((each) => (
              <Button
                key={each}
                variant="secondary"
                active={by === each}
                aria-pressed={by === each}
                onClick={() => onChange({ by: each })}
              >
                {text(each === "person" ? "compreface.review.by.person" : "compreface.review.by.item")}
              </Button>
            ))}
          </ButtonGroup>
        )}
        <select
          className="form-control form-control-sm input-control text-input"
          aria-label={text("compreface.review.kind")}
          value={query.get("kind") ?? ""}
          onChange={(event) => onChange({ kind: event.target.value, image: "", gallery: "", scene: "" })}
        >
          <option value="">{text("compreface.review.kind.all")}</option>
          <option value="image">{text("compreface.review.kind.image")}</option>
          <option value="scene">{text("compreface.review.kind.scene")}</option>
          <option value={GALLERIES}>{text("compreface.review.kind.gallery")}</option>
        </select>
        {queue && (
          <>
            <Performers waiting={queue.performers} chosen={query.get("performer") ?? ""} onChoose={choose} />
            <Button
              ref={pick}
              size="sm"
              variant="secondary"
              aria-expanded={picking}
              onClick={() => setPicking(!picking)}
            >
              <Icon name="faImages" /> <span>{text("compreface.review.one.gallery")}</span>
            </Button>
            <Only items={only} onDrop={(kind) => onChange({ [kind]: "" })} />
          </>
        )}
        <Button size="sm" variant="secondary" onClick={onReload}>
          <Icon name="faArrowsRotate" /> <span>{text("compreface.review.reload")}</span>
        </Button>
      </div>
      {picking && queue && (
        <PickGallery
          onCancel={close}
          onPick={(gallery) => {
            close();
            onChange({ gallery, image: "", scene: "", kind: "" });
          }}
        />
      )}
    </>
  );
}

interface PerformersProps {
  waiting: Waiting[];
  chosen: string;
  onChoose: (performerId: string) => void;
}

/** Whom the faces may be. Drawn again for its own news only: there may be hundreds, and decisions come one a second. */
const Performers = React.memo(function Performers({ waiting, chosen, onChoose }: PerformersProps) {
  const text = useText();
  return (
    <select
      className="form-control form-control-sm input-control text-input"
      aria-label={text("compreface.review.performer")}
      value={chosen}
      onChange={(event) => onChoose(event.target.value)}
    >
      <option value="">{text("compreface.review.performer.all")}</option>
      {waiting.slice(0, MOST_PERFORMERS).map((each) => (
        <option key={each.performerId} value={each.performerId}>
          {text("compreface.review.performer.waiting", {
            name: each.name || text("compreface.not.in.library"),
            count: each.waiting,
          })}
        </option>
      ))}
    </select>
  );
});

/** What the faces are narrowed to; a press takes it away. */
function Only({ items, onDrop }: { items: ItemRef[]; onDrop: (kind: string) => void }) {
  const text = useText();
  const known = useItems(items);
  return (
    <>
      {items.map((each) => (
        <Button key={each.kind} size="sm" variant="secondary" onClick={() => onDrop(each.kind)}>
          {text("compreface.review.only", { name: known.get(keyOf(each))?.title || itemWords(text, each) })}{" "}
          <Icon name="faXmark" />
        </Button>
      ))}
    </>
  );
}
