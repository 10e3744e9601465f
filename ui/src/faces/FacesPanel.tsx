import type { ReactNode } from "react";
import { Bootstrap, Icon, React, startTask, useToast } from "../host";
import { pictures, type Face } from "../operations";
import { HealthChecks } from "../settings/HealthChecks";
import { useText } from "../text";
import { FaceCard } from "./FaceCard";
import { Overlay } from "./Overlay";
import { useFaces, type Faces, type Step } from "./useFaces";
import { isDecided, nameFromFile, named } from "./wording";

const { Button, Form, Spinner } = Bootstrap;

const SLOW_AFTER_MS = 4000;
const FRAMES_KEY = "compreface.frames"; // of localStorage
const SYNCHRONISE = "Synchronize Performers"; // the task's name in the manifest

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
    <section className="compreface-faces" aria-label={text("compreface.tab.faces")}>
      <div className="sr-only" role="status" aria-live="polite">
        {faces.said}
      </div>
      {phase.kind === "working" && <Working step={phase.step} onCancel={faces.actions.cancel} />}
      {phase.kind === "new" && (
        <Notice icon="faUsers" title={text("compreface.start.title")} words={text("compreface.start.text")}>
          <Detect faces={faces} />
        </Notice>
      )}
      {phase.kind === "failed" && <Failed step={phase.step} message={phase.message} faces={faces} />}
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

interface ListProps {
  image: ImageOfHost;
  faces: Faces;
  active: number | null;
  setActive: (faceId: number | null) => void;
  children: ReactNode;
}

function FaceList({ image, faces, active, setActive, children }: ListProps) {
  const text = useText();
  const portraits = usePictures(faces.faces);
  const onImage = React.useMemo(() => new Set(image.performers?.map((each) => each.id)), [image.performers]);
  const suggestedName = React.useMemo(() => nameFromFile(image.visual_files?.[0]?.path ?? ""), [image.visual_files]);
  const sure = faces.faces.filter(
    (face) => face.verdict === "accept" && !isDecided(face) && !onImage.has(named(face)?.performerId ?? ""),
  );
  const nobodyKnown = faces.faces.every((face) => face.reason === "nobody is enrolled");
  return (
    <>
      <div className="compreface-summary">
        <strong>{text("compreface.count", { count: faces.faces.length })}</strong>
        {sure.length > 1 && (
          <Button size="sm" variant="success" onClick={() => faces.actions.acceptAll(sure)}>
            <Icon name="faCheckDouble" /> <span>{text("compreface.accept.all", { count: sure.length })}</span>
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

function Notice({ icon, title, words, children }: { icon: string; title: string; words: string; children: ReactNode }) {
  return (
    <div className="compreface-notice">
      <Icon name={icon} className="compreface-notice-icon" />
      <h5>{title}</h5>
      <p className="text-muted">{words}</p>
      {children}
    </div>
  );
}

function Working({ step, onCancel }: { step: Step; onCancel: () => void }) {
  const text = useText();
  const [slow, setSlow] = React.useState(false);
  React.useEffect(() => {
    const timer = window.setTimeout(() => setSlow(true), SLOW_AFTER_MS);
    return () => window.clearTimeout(timer);
  }, []);
  const detecting = step === "detect";
  return (
    <div className="compreface-notice" role="status">
      <Spinner animation="border" />
      <p>{text(detecting ? "compreface.detecting" : "compreface.loading")}</p>
      {slow && detecting && <p className="text-muted">{text("compreface.detecting.slow")}</p>}
      {(detecting || slow) && (
        <Button size="sm" variant="secondary" onClick={onCancel}>
          {text("compreface.cancel")}
        </Button>
      )}
    </div>
  );
}

function Failed({ step, message, faces }: { step: Step; message: string; faces: Faces }) {
  const text = useText();
  const [help, setHelp] = React.useState(false);
  return (
    <div className="compreface-box compreface-failed card" role="alert">
      <h6>
        <Icon name="faTriangleExclamation" />{" "}
        {text(step === "detect" ? "compreface.failed.detect" : "compreface.failed.load")}
      </h6>
      <p>{message}</p>
      <div className="compreface-actions">
        <Button size="sm" variant="primary" onClick={step === "detect" ? faces.actions.detect : faces.actions.load}>
          {text("compreface.retry")}
        </Button>
        <Button size="sm" variant="secondary" aria-expanded={help} onClick={() => setHelp(!help)}>
          {text("compreface.help.show")}
        </Button>
        {message.includes(SYNCHRONISE) && <EnrolButton />}
      </div>
      {help && <HealthChecks />}
    </div>
  );
}

function Enrol() {
  const text = useText();
  return (
    <div className="compreface-box card">
      <p>{text("compreface.enrol.text")}</p>
      <div>
        <EnrolButton />
      </div>
    </div>
  );
}

function EnrolButton() {
  const text = useText();
  const toast = useToast();
  const start = () => {
    startTask(SYNCHRONISE).then(
      () => toast.success(text("compreface.enrol.started")),
      (error: unknown) => toast.error(error),
    );
  };
  return (
    <Button size="sm" variant="primary" onClick={start}>
      {text("compreface.enrol.start")}
    </Button>
  );
}

/** Pictures of everybody who is a candidate; without them the cards work all the same. */
function usePictures(faces: Face[]): ReadonlyMap<string, string> {
  const [found, setFound] = React.useState<ReadonlyMap<string, string>>(new Map());
  const ids = [...new Set(faces.flatMap((face) => face.candidates.map((each) => each.performerId)))].sort();
  const key = ids.join(",");
  React.useEffect(() => {
    if (key === "") return undefined;
    let wanted = true;
    pictures(key.split(",")).then(
      (answer) => wanted && setFound(answer),
      () => undefined,
    );
    return () => {
      wanted = false;
    };
  }, [key]);
  return found;
}

function useRemembered(key: string, initial: boolean): [boolean, (value: boolean) => void] {
  const [value, setValue] = React.useState(() => {
    try {
      return (localStorage.getItem(key) ?? String(initial)) === "true";
    } catch {
      return initial; // storage may be forbidden
    }
  });
  const set = (next: boolean) => {
    setValue(next);
    try {
      localStorage.setItem(key, String(next));
    } catch {
      // kept for this page only
    }
  };
  return [value, set];
}
