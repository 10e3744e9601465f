import type { ReactNode } from "react";
import { React } from "../host";
import { Failed, Notice, Working } from "../parts/notices";
import { useText, type MessageId } from "../text";
import { DetectButton } from "./FaceList";
import type { Faces } from "./useFaces";

/** What differs between images and scenes. */
export interface Words {
  title: MessageId;
  start: MessageId;
  none: MessageId;
  failed: MessageId;
  working: MessageId;
}

interface Props {
  faces: Faces;
  words: Words;
  onDetect: () => void;
  /** Stands instead of everything else: a task at work. */
  busy?: ReactNode;
  children: ReactNode;
}

/** Every state that the faces of an item can be in; `children` where there are faces. */
export function FacesSection({ faces, words, onDetect, busy, children }: Props) {
  const text = useText();
  const { phase } = faces;
  return (
    <section className="compreface compreface-faces" aria-label={text("compreface.tab.faces")}>
      <div className="sr-only" role="status" aria-live="polite">
        {faces.said}
      </div>
      {busy ?? (
        <>
          {phase.kind === "working" && (
            <Working
              key={phase.step}
              words={text(phase.step === "detect" ? words.working : "compreface.loading")}
              slowWords={phase.step === "detect" ? text("compreface.detecting.slow") : undefined}
              onCancel={faces.actions.cancel}
            />
          )}
          {phase.kind === "new" && (
            <Notice icon="faUsers" title={text(words.title)} words={text(words.start)}>
              <DetectButton onClick={onDetect} />
            </Notice>
          )}
          {phase.kind === "failed" && (
            <Failed
              title={text(phase.step === "detect" ? words.failed : "compreface.failed.load")}
              message={phase.message}
              onRetry={phase.step === "detect" ? onDetect : faces.actions.load}
            />
          )}
          {phase.kind === "ready" && faces.faces.length === 0 && (
            <Notice icon="faUserSlash" title={text("compreface.none.title")} words={text(words.none)}>
              <DetectButton onClick={onDetect} again />
            </Notice>
          )}
          {phase.kind === "ready" && faces.faces.length > 0 && children}
        </>
      )}
    </section>
  );
}
