import "./styles.css";

import type { ReactNode } from "react";
import { Bootstrap, Icon, React, useShortcut } from "../host";
import { usePictures, useRemembered } from "../parts/hooks";
import { Enrol, Failed, Notice, Working } from "../parts/notices";
import { useText } from "../text";
import { FaceCard } from "./FaceCard";
import { Overlay } from "./Overlay";
import { useFaces, type Faces, type Step } from "./useFaces";
import { isConfirmed, isDecided, nameFromFile, named } from "./wording";

const { Button, Form } = Bootstrap;

const FRAMES_KEY = "compreface.frames"; // of localStorage

export interface ImageOfHost {
  id: string;
  title?: string | null;
  performers?: { id: string }[];
  visual_files?: { path?: string }[];
}

/** Everything about the faces of one image. */
export function FacesPanel({ image, visible }: { image: ImageOfHost; visible: boolean }) {
  const text = useText();
  const faces = useFaces(image.id);
  const [active, setActive] = React.useState<number | null>(null);
  const [frames, setFrames] = useRemembered(FRAMES_KEY, true);
  const { phase } = faces;
  return (
    <section className="compreface compreface-faces" aria-label={text("compreface.tab.faces")}>
      <div className="sr-only" role="status" aria-live="polite">
        {faces.said}
      </div>
      {phase.kind === "working" && <Searching key={phase.step} step={phase.step} onCancel={faces.actions.cancel} />}
      {phase.kind === "new" && (
        <Notice icon="faUsers" title={text("compreface.start.title")} words={text("compreface.start.text")}>
          <Detect faces={faces} />
        </Notice>
      )}
      {phase.kind === "failed" && (
        <Failed
          title={text(phase.step === "detect" ? "compreface.failed.detect" : "compreface.failed.load")}
          message={phase.message}
          onRetry={phase.step === "detect" ? faces.actions.detect : faces.actions.load}
        />
      )}
      {phase.kind === "ready" && faces.faces.length === 0 && (
        <Notice icon="faUserSlash" title={text("compreface.none.title")} words={text("compreface.none.text")}>
          <Detect faces={faces} again />
        </Notice>
      )}
      {phase.kind === "ready" && faces.faces.length > 0 && (
        <FaceList image={image} faces={faces} active={active} setActive={setActive}>
          <Form.Check
            type="switch"
            id="compreface-frames"
            label={text("compreface.boxes")}
            checked={frames}
            onChange={() => setFrames(!frames)}
          />
        </FaceList>
      )}
      {visible && frames && phase.kind === "ready" && (
        <Overlay faces={faces.faces} active={active} onActive={setActive} onChoose={focusCard} />
      )}
    </section>
  );
}

function focusCard(faceId: number): void {
  const card = document.getElementById(`compreface-face-${faceId}`);
  card?.scrollIntoView({ block: "nearest" });
  card?.focus();
}

/** From one card to the next, and from anywhere else to the first or last. */
function focusNext(step: 1 | -1): void {
  const cards = [...document.querySelectorAll<HTMLElement>(".compreface-card")];
  const here = cards.findIndex((card) => card.contains(document.activeElement));
  const next = here < 0 ? (step > 0 ? 0 : cards.length - 1) : here + step;
  cards[next]?.focus();
}

interface ListProps {
  image: ImageOfHost;
  faces: Faces;
  active: number | null;
  setActive: (faceId: number | null) => void;
  children: ReactNode;
}

function FaceList({ image, faces, active, setActive, children }: ListProps) {
  const text = useText();
  const portraits = usePictures(faces.faces.flatMap((face) => face.candidates.map((each) => each.performerId)));
  const onImage = React.useMemo(() => new Set(image.performers?.map((each) => each.id)), [image.performers]);
  const suggestedName = React.useMemo(() => nameFromFile(image.visual_files?.[0]?.path ?? ""), [image.visual_files]);
  const sure = faces.faces.filter(
    (face) => face.verdict === "accept" && !isDecided(face) && !onImage.has(named(face)?.performerId ?? ""),
  );
  const [together, setTogether] = React.useState<ReadonlySet<number>>(new Set());
  const acceptedTogether = faces.faces.filter((face) => together.has(face.id) && isConfirmed(face));
  const acceptAll = () => {
    setTogether(new Set(sure.map((face) => face.id)));
    faces.actions.acceptAll(sure);
  };
  useShortcut("x a", () => sure.length > 0 && acceptAll());
  useShortcut("x n", () => focusNext(1));
  useShortcut("x p", () => focusNext(-1));
  const nobodyKnown = faces.faces.every((face) => face.reason === "nobody is enrolled");
  return (
    <>
      <div className="compreface-summary">
        <strong>{text("compreface.count", { count: faces.faces.length })}</strong>
        {sure.length > 1 && (
          <Button size="sm" variant="success" title="x a" onClick={acceptAll}>
            <Icon name="faCheckDouble" /> <span>{text("compreface.accept.all", { count: sure.length })}</span>
          </Button>
        )}
        {acceptedTogether.length > 1 && (
          <Button size="sm" variant="secondary" onClick={() => faces.actions.undo(acceptedTogether)}>
            <Icon name="faRotateLeft" /> <span>{text("compreface.undo.all", { count: acceptedTogether.length })}</span>
          </Button>
        )}
        <Detect faces={faces} again />
      </div>
      {children}
      {nobodyKnown && <Enrol />}
      <ol className="compreface-list">
        {faces.faces.map((face, index) => (
          <FaceCard
            key={face.id}
            face={face}
            number={index + 1}
            actions={faces.actions}
            busy={faces.busy.has(face.id)}
            refused={faces.refused.get(face.id)}
            pictures={portraits}
            onImage={onImage.has(named(face)?.performerId ?? "")}
            suggestedName={faces.faces.length === 1 ? suggestedName : ""}
            active={active === face.id}
            onActive={setActive}
          />
        ))}
      </ol>
      <p className="compreface-keys text-muted">
        {text("compreface.keys", { keys: text("compreface.keys.list") })}
      </p>
    </>
  );
}

function Detect({ faces, again = false }: { faces: Faces; again?: boolean }) {
  const text = useText();
  return (
    <Button size={again ? "sm" : undefined} variant={again ? "secondary" : "primary"} onClick={faces.actions.detect}>
      <Icon name={again ? "faArrowsRotate" : "faMagnifyingGlass"} />{" "}
      <span>{text(again ? "compreface.detect.again" : "compreface.detect")}</span>
    </Button>
  );
}

function Searching({ step, onCancel }: { step: Step; onCancel: () => void }) {
  const text = useText();
  return step === "detect" ? (
    <Working
      words={text("compreface.detecting")}
      slowWords={text("compreface.detecting.slow")}
      onCancel={onCancel}
    />
  ) : (
    <Working words={text("compreface.loading")} onCancel={onCancel} />
  );
}
