import { React } from "../host";
import { useWork, type Work } from "../jobs";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useText } from "../text";
import { galleryResult, imagesOf } from "./operations";
import { usePeople, type People } from "./usePeople";

const MODE = "identifyGallery";

export type Phase =
  | { kind: "loading" }
  | { kind: "new" }
  | { kind: "ready" }
  | { kind: "failed"; message: string };

export interface GalleryFaces {
  phase: Phase;
  people: People;
  imageCount: number;
  /** Images that could not be looked at. */
  failed: number;
  work: Work;
  /** Grows when the unknown people may have changed. */
  generation: number;
  load(): void;
  find(): void;
}

/** Who is in one gallery, and what may be done about it. */
export function useGallery(galleryId: string): GalleryFaces {
  const text = useText();
  const { state, again } = useAnswer(
    React.useCallback(
      async (signal: AbortSignal) => {
        const [answer, imageCount] = await Promise.all([galleryResult(galleryId, signal), imagesOf(galleryId)]);
        return { ...answer, imageCount };
      },
      [galleryId],
    ),
  );
  const [generation, setGeneration] = React.useState(0);
  const grow = () => setGeneration((old) => old + 1);
  const people = usePeople(galleryId, [], grow, again);
  const { put, say, settle } = people;
  const answer = valueOf(state);
  React.useEffect(() => {
    if (answer === undefined) return;
    put(answer.people ?? []);
    grow();
  }, [answer, put]);

  const work = useWork(`gallery ${galleryId}`, ({ how }) => {
    if (how === "finished") say(text("compreface.gallery.done"));
    if (how !== "failed") again();
  });
  const find = () => {
    say("");
    settle();
    const args = { mode: MODE, galleryId, associateExisting: false };
    work.start({ description: text("compreface.gallery.task", { id: galleryId }) }, args);
  };

  let phase: Phase = { kind: "loading" };
  if (state.kind === "failed") phase = state;
  else if (answer !== undefined) phase = { kind: answer.people === null ? "new" : "ready" };
  return { phase, people, imageCount: answer?.imageCount ?? 1, failed: answer?.failed ?? 0, work, generation, load: again, find };
}
