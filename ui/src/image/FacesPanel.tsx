import { FaceList, focusCard } from "../faces/FaceList";
import { FacesSection, type Words } from "../faces/FacesSection";
import { inReadingOrder } from "../faces/geometry";
import { Overlay } from "../faces/Overlay";
import { useFaces, type Source } from "../faces/useFaces";
import { Bootstrap, React } from "../host";
import { createPerformer, createPerformers, identifyImage, knownFaces } from "../operations";
import { useRemembered } from "../parts/hooks";
import { useText } from "../text";

const { Form } = Bootstrap;

const FRAMES_KEY = "compreface.frames"; // of localStorage
const PICTURE = { container: ".image-container", picture: "img.image-image" }; // of the host
const WORDS: Words = {
  title: "compreface.start.title",
  start: "compreface.start.text",
  none: "compreface.none.text",
  failed: "compreface.failed.detect",
  working: "compreface.detecting",
};

export interface ImageOfHost {
  id: string;
  performers?: { id: string }[];
  visual_files?: { path?: string }[];
}

function facesOf(imageId: string): Source {
  return {
    async known(signal) {
      const { faces, item } = await knownFaces(imageId, signal);
      return { faces, scannedAt: item.scannedAt };
    },
    look: async (signal) => (await identifyImage(imageId, signal)).faces,
    create: (face, name) => createPerformer(imageId, face.id, name),
    createAll: () => createPerformers(imageId),
    inOrder: inReadingOrder,
  };
}

/** Everything about the faces of one image. */
export function FacesPanel({ image, visible }: { image: ImageOfHost; visible: boolean }) {
  const text = useText();
  const source = React.useMemo(() => facesOf(image.id), [image.id]);
  const faces = useFaces(source);
  const [active, setActive] = React.useState<number | null>(null);
  const [frames, setFrames] = useRemembered(FRAMES_KEY, true);
  return (
    <>
      <FacesSection faces={faces} words={WORDS} onDetect={faces.actions.detect}>
        <FaceList
          faces={faces}
          active={active}
          setActive={setActive}
          onDetect={faces.actions.detect}
          performers={image.performers}
          path={image.visual_files?.[0]?.path}
        >
          <Form.Check
            type="switch"
            id="compreface-frames"
            label={text("compreface.boxes")}
            checked={frames}
            onChange={() => setFrames(!frames)}
          />
        </FaceList>
      </FacesSection>
      {visible && frames && faces.phase.kind === "ready" && (
        <Overlay on={PICTURE} faces={faces.faces} active={active} onActive={setActive} onChoose={focusCard} />
      )}
    </>
  );
}
