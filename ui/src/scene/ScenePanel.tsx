import "./styles.css";

import { FaceList, focusCard } from "../faces/FaceList";
import { FacesSection, type Words } from "../faces/FacesSection";
import { Overlay } from "../faces/Overlay";
import { useFaces, type Faces, type Source } from "../faces/useFaces";
import { Bootstrap, Icon, React } from "../host";
import { useWork } from "../jobs";
import type { Face } from "../operations";
import { Ended } from "../parts/Ended";
import { useRemembered } from "../parts/hooks";
import { Progress } from "../parts/Progress";
import { useText } from "../text";
import { createFromScene, identifyScene, lookAt, sceneFaces } from "./operations";
import { holdFrameAt, PLAYER, usePlayedTime } from "./player";
import { clock } from "./time";
import { Timeline } from "./Timeline";

const { Button, Form } = Bootstrap;

const FRAMES_KEY = "compreface.scene.frames"; // of localStorage
const NEAR_S = 0.15; // a box belongs to one frame: shown this close to it
const WORDS: Words = {
  title: "compreface.scene.start.title",
  start: "compreface.scene.start.text",
  none: "compreface.scene.none",
  failed: "compreface.scene.failed",
  working: "compreface.scene.reading",
};

export interface SceneOfHost {
  id: string;
  files?: { path?: string; duration?: number }[];
  performers?: { id: string }[];
}

interface Props {
  scene: SceneOfHost;
  setTimestamp: (seconds: number) => void;
  /** Its tab is open: frames on the player belong to what is shown beside it. */
  visible: boolean;
}

function peopleOf(sceneId: string): Source {
  return {
    async known(signal) {
      const { people, item } = await sceneFaces(sceneId, signal);
      return { faces: people, scannedAt: item.scannedAt };
    },
    look: async (signal) => (await identifyScene(sceneId, signal)).people,
    create: createFromScene,
    inOrder: (people) => [...people].sort((a, b) => firstSeen(a) - firstSeen(b)),
  };
}

function firstSeen(face: Face): number {
  return Math.min(...(face.appearances ?? []).map(([start]) => start), Number.MAX_VALUE);
}

/** Everything about the people of one scene. */
export function ScenePanel({ scene, setTimestamp, visible }: Props) {
  const text = useText();
  const source = React.useMemo(() => peopleOf(scene.id), [scene.id]);
  const faces = useFaces(source);
  const { detect } = faces.actions;
  // The task has the progress and no time limit; what it saw is remembered, so asking afterwards is quick.
  const work = useWork(`scene ${scene.id}`, ({ how }) => how === "finished" && detect());
  const look = () => work.start({ description: text("compreface.scene.task", { id: scene.id }) }, lookAt(scene.id));
  const ended = work.ending !== null && work.ending.how !== "finished";
  const instead = ended && faces.phase.kind === "new" ? <></> : undefined;
  const busy = work.active ? <Progress work={work} words={text("compreface.scene.looking")} /> : instead;
  return (
    <>
      <div className="compreface">
        <Ended work={work} title={text("compreface.scene.failed")} />
      </div>
      <FacesSection faces={faces} words={WORDS} onDetect={look} busy={busy}>
        <People scene={scene} faces={faces} onDetect={look} setTimestamp={setTimestamp} visible={visible} />
      </FacesSection>
    </>
  );
}

function People({ scene, faces, onDetect, setTimestamp, visible }: Props & { faces: Faces; onDetect: () => void }) {
  const text = useText();
  const [active, setActive] = React.useState<number | null>(null);
  const [frames, setFrames] = useRemembered(FRAMES_KEY, true);
  const seek = React.useRef(setTimestamp);
  seek.current = setTimestamp;
  const jump = React.useCallback((seconds: number) => seek.current(seconds), []);
  const hold = React.useCallback((seconds: number) => {
    holdFrameAt(seconds);
    seek.current(seconds);
  }, []);
  const inCard = React.useCallback((face: Face) => <Seen face={face} onHold={hold} />, [hold]);
  return (
    <>
      <FaceList
        faces={faces}
        active={active}
        setActive={setActive}
        onDetect={onDetect}
        performers={scene.performers}
        path={undefined}
        counted="compreface.scene.count"
        inCard={inCard}
      >
        <Timeline
          people={faces.faces}
          duration={scene.files?.[0]?.duration ?? 0}
          active={active}
          onActive={setActive}
          onJump={jump}
        />
        <Form.Check
          type="switch"
          id="compreface-scene-frames"
          label={text("compreface.scene.boxes")}
          checked={frames}
          onChange={() => setFrames(!frames)}
        />
      </FaceList>
      {frames && visible && <Boxes people={faces.faces} active={active} onActive={setActive} />}
    </>
  );
}

interface BoxesProps {
  people: Face[];
  active: number | null;
  onActive: (faceId: number | null) => void;
}

/** Frames over the player, each while the video stands where it was taken. */
function Boxes({ people, active, onActive }: BoxesProps) {
  const at = usePlayedTime();
  const shown = people.filter((face) => face.bestFrame !== undefined && Math.abs(face.bestFrame - at) <= NEAR_S);
  if (shown.length === 0) return null;
  const numberOf = (face: Face) => people.indexOf(face) + 1; // as on the cards
  return (
    <Overlay on={PLAYER} faces={shown} numberOf={numberOf} active={active} onActive={onActive} onChoose={focusCard} />
  );
}

function Seen({ face, onHold }: { face: Face; onHold: (seconds: number) => void }) {
  const text = useText();
  const at = face.bestFrame ?? 0;
  return (
    <div className="compreface-seen">
      <Button size="sm" variant="link" onClick={() => onHold(at)}>
        <Icon name="faPlay" /> {text("compreface.scene.best", { time: clock(at) })}
      </Button>
      <span className="text-muted">
        {text("compreface.scene.sightings", { count: face.sightings ?? 0 })}
        {face.previewOnly && ` · ${text("compreface.scene.preview")}`}
      </span>
    </div>
  );
}
