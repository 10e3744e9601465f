import "./styles.css";

import type { ReactNode } from "react";
import { Enrol } from "../health/Enrol";
import { Bootstrap, Icon, React } from "../host";
import type { Face } from "../operations";
import { usePictures } from "../parts/hooks";
import { shortcutName, useShortcut } from "../shortcuts";
import { useText, type MessageId } from "../text";
import { FaceCard } from "./FaceCard";
import type { Faces } from "./useFaces";
import { isConfirmed, isDecided, nameFromFile, named } from "./wording";

const { Button } = Bootstrap;

interface ListProps {
  faces: Faces;
  active: number | null;
  setActive: (faceId: number | null) => void;
  onDetect: () => void;
  /** Who is on the item already. */
  performers: { id: string }[] | undefined;
  /** Of the item's file: a single face may be named after it. */
  path: string | undefined;
  /** The message for how many cards there are, of `count`. */
  counted?: MessageId;
  /** What else stands in the card of a face. The same function for as long as nothing of it changes. */
  inCard?: (face: Face) => ReactNode;
  children?: ReactNode;
}

export function focusCard(faceId: number): void {
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

/** Cards of faces, and what can be done about all of them. */
export function FaceList(props: ListProps) {
  const { faces, active, setActive } = props;
  const text = useText();
  const portraits = usePictures(faces.faces.flatMap((face) => face.candidates.map((each) => each.performerId)));
  const onItem = React.useMemo(() => new Set(props.performers?.map((each) => each.id)), [props.performers]);
  const suggestedName = React.useMemo(() => nameFromFile(props.path ?? ""), [props.path]);
  const list = React.useRef<HTMLOListElement>(null);
  const seen = () => list.current?.offsetParent != null; // not on another tab
  const sure = faces.faces.filter(
    (face) => face.verdict === "accept" && !isDecided(face) && !onItem.has(named(face)?.performerId ?? ""),
  );
  const [together, setTogether] = React.useState<ReadonlySet<number>>(new Set());
  const acceptedTogether = faces.faces.filter((face) => together.has(face.id) && isConfirmed(face));
  const summary = React.useRef<HTMLElement>(null);
  const focusSummary = () => summary.current?.focus({ preventScroll: true }); // what was pressed goes
  React.useEffect(() => {
    if (document.activeElement === document.body) focusSummary();
  }, []);
  const acceptAll = () => {
    if (document.activeElement?.closest(".compreface-summary")) focusSummary();
    setTogether(new Set(sure.map((face) => face.id)));
    faces.actions.acceptAll(sure);
  };
  const takeBackAll = () => {
    focusSummary();
    faces.actions.undo(acceptedTogether);
  };
  useShortcut("a", () => sure.length > 0 && seen() && acceptAll());
  useShortcut("n", () => seen() && focusNext(1));
  useShortcut("p", () => seen() && focusNext(-1));
  const nobodyKnown = faces.faces.every((face) => face.reasonCode === "reason.nobody");
  return (
    <>
      <div className="compreface-summary">
        <strong ref={summary} tabIndex={-1}>{text(props.counted ?? "compreface.count", { count: faces.faces.length })}</strong>
        {sure.length > 1 && (
          <Button size="sm" variant="success" title={shortcutName("a")} onClick={acceptAll}>
            <Icon name="faCheckDouble" /> <span>{text("compreface.accept.all", { count: sure.length })}</span>
          </Button>
        )}
        {acceptedTogether.length > 1 && (
          <Button size="sm" variant="secondary" onClick={takeBackAll}>
            <Icon name="faRotateLeft" /> <span>{text("compreface.undo.all", { count: acceptedTogether.length })}</span>
          </Button>
        )}
        <NewPeople faces={faces} />
        <DetectButton onClick={props.onDetect} again />
      </div>
      {props.children}
      {nobodyKnown && <Enrol onDone={props.onDetect} />}
      <ol ref={list} className="compreface-list">
        {faces.faces.map((face, index) => (
          <FaceCard
            key={face.id}
            face={face}
            number={index + 1}
            actions={faces.actions}
            busy={faces.busy.has(face.id)}
            refused={faces.refused.get(face.id)}
            pictures={portraits}
            onImage={onItem.has(named(face)?.performerId ?? "")}
            suggestedName={faces.faces.length === 1 ? suggestedName : ""}
            active={active === face.id}
            onActive={setActive}
            inCard={props.inCard}
          />
        ))}
      </ol>
      <p className="compreface-keys text-muted">
        {text("compreface.keys", { keys: text("compreface.keys.list") })}
      </p>
    </>
  );
}

/** Performers of all unknown faces at once, and the way back. One face alone has its own button. */
function NewPeople({ faces }: { faces: Faces }) {
  const text = useText();
  const { newPeople, made } = faces;
  const busy = [...newPeople.map((face) => face.id), ...(made?.ids ?? [])].some((id) => faces.busy.has(id));
  return (
    <>
      {newPeople.length > 1 && (
        <Button
          size="sm"
          variant="secondary"
          title={text("compreface.create.all.hint")}
          disabled={busy}
          onClick={faces.createAll}
        >
          <Icon name="faUsers" /> <span>{text("compreface.create.all", { count: newPeople.length })}</span>
        </Button>
      )}
      {made !== null && (
        <Button size="sm" variant="secondary" disabled={busy} onClick={faces.undoCreateAll}>
          <Icon name="faRotateLeft" /> <span>{text("compreface.create.all.undo", { count: made.count })}</span>
        </Button>
      )}
    </>
  );
}

export function DetectButton({ onClick, again = false }: { onClick: () => void; again?: boolean }) {
  const text = useText();
  return (
    <Button size={again ? "sm" : undefined} variant={again ? "secondary" : "primary"} onClick={onClick}>
      <Icon name={again ? "faArrowsRotate" : "faMagnifyingGlass"} />{" "}
      <span>{text(again ? "compreface.detect.again" : "compreface.detect")}</span>
    </Button>
  );
}
