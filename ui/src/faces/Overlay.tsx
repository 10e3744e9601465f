import { React, ReactDOM } from "../host";
import type { Face } from "../operations";
import { useText } from "../text";
import { pictureIn, type Rectangle } from "./geometry";
import { named, verdictWords } from "./wording";

const LOADED = ["load", "loadedmetadata"];
const STEPS: Readonly<Record<string, number>> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

/** Selectors of the picture or video, and of what holds it, which is positioned. */
export interface Place {
  container: string;
  picture: string;
}

interface Props {
  on: Place;
  faces: Face[];
  /** Where a face has another number than its place in `faces`. */
  numberOf?: (face: Face) => number;
  active: number | null;
  onActive: (faceId: number | null) => void;
  onChoose: (faceId: number) => void;
}

/** Frames round the faces, on the picture itself. Nothing where the page shows no picture. */
export function Overlay(props: Props) {
  const area = usePictureArea(props.on);
  const [layer, setLayer] = React.useState<HTMLElement | null>(null);
  React.useEffect(() => {
    layer?.addEventListener("keydown", onKeyDown);
    return () => layer?.removeEventListener("keydown", onKeyDown);
  }, [layer]);
  if (area === null || area.width === 0) return null;
  const { container, ...style } = area;
  return ReactDOM.createPortal(
    <div ref={setLayer} className="compreface-overlay" style={style}>
      {props.faces.map((face, index) => (
        <Frame
          key={face.id}
          face={face}
          number={props.numberOf?.(face) ?? index + 1}
          active={props.active === face.id}
          onActive={props.onActive}
          onChoose={props.onChoose}
        />
      ))}
    </div>,
    container,
  );
}

interface FrameProps extends Pick<Props, "onActive" | "onChoose"> {
  face: Face;
  number: number;
  active: boolean;
}

const Frame = React.memo(function Frame({ face, number, active, onActive, onChoose }: FrameProps) {
  const text = useText();
  const [left, top, right, bottom] = face.box;
  const who = named(face);
  const label = who
    ? text("compreface.face.named", { number, name: who.name, words: text(verdictWords(face)) })
    : text("compreface.face.unknown", { number });
  return (
    <button
      type="button"
      className={`compreface-frame compreface-${face.verdict ?? "unknown"}${active ? " compreface-active" : ""}`}
      style={{
        left: percent(left),
        top: percent(top),
        width: percent(right - left),
        height: percent(bottom - top),
      }}
      aria-label={label}
      onMouseEnter={() => onActive(face.id)}
      onMouseLeave={() => onActive(null)}
      onFocus={() => onActive(face.id)}
      onBlur={() => onActive(null)}
      onClick={() => onChoose(face.id)}
    >
      <span className={`compreface-frame-label${bottom > 0.92 ? " compreface-inside" : ""}`} aria-hidden="true">
        <bdi>{who?.name ?? number}</bdi>
      </span>
    </button>
  );
});

function percent(fraction: number): string {
  return `${(fraction * 100).toFixed(3)}%`;
}

/**
 * Arrow keys go from frame to frame, in reading order. Listened for on the layer itself: what holds it may be a player,
 * which would seek by the arrow keys and play by Enter before React heard of them.
 */
function onKeyDown(event: KeyboardEvent): void {
  const layer = event.currentTarget;
  if (!(layer instanceof HTMLElement)) return;
  if (event.key === "Enter" || event.key === " ") event.stopPropagation(); // the button's own
  const step = STEPS[event.key];
  if (step === undefined) return;
  const frames = [...layer.querySelectorAll("button")];
  const here = frames.findIndex((each) => each === document.activeElement);
  frames[(here + step + frames.length) % frames.length]?.focus();
  event.preventDefault();
  event.stopPropagation();
}

type Area = Rectangle & { container: Element };

/** Follows the picture through loading, resizing and replacement. */
function usePictureArea({ container: holder, picture: shown }: Place): Area | null {
  const [area, setArea] = React.useState<Area | null>(null);
  React.useEffect(() => {
    const container = document.querySelector(holder);
    if (container === null) return undefined;
    const measure = () => {
      const picture = container.querySelector<HTMLImageElement | HTMLVideoElement>(shown);
      setArea(picture === null ? null : { container, ...shownPart(picture) });
    };
    const resized = new ResizeObserver(measure);
    const watch = () => {
      resized.disconnect();
      resized.observe(container);
      const picture = container.querySelector(shown);
      if (picture !== null) resized.observe(picture);
      measure();
    };
    const replaced = new MutationObserver(watch);
    replaced.observe(container, { childList: true });
    for (const event of LOADED) container.addEventListener(event, measure, true); // they do not bubble
    watch();
    return () => {
      resized.disconnect();
      replaced.disconnect();
      for (const event of LOADED) container.removeEventListener(event, measure, true);
    };
  }, [holder, shown]);
  return area;
}

function shownPart(picture: HTMLImageElement | HTMLVideoElement): Rectangle {
  const element = {
    left: picture.offsetLeft,
    top: picture.offsetTop,
    width: picture.offsetWidth,
    height: picture.offsetHeight,
  };
  return picture instanceof HTMLVideoElement
    ? pictureIn(element, picture.videoWidth, picture.videoHeight)
    : pictureIn(element, picture.naturalWidth, picture.naturalHeight);
}
