import type { KeyboardEvent } from "react";
import { React } from "../host";
import type { Face } from "../operations";
import { named } from "../faces/wording";
import { useText } from "../text";
import { usePlayedTime } from "./player";
import { clock, joined } from "./time";

const NARROWEST = 0.012; // of the scene: what is closer together becomes one bar
const MOST_ROWS = 30;
const STEPS: Record<string, number> = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 };

interface Props {
  people: Face[];
  duration: number;
  active: number | null;
  onActive: (faceId: number | null) => void;
  onJump: (seconds: number) => void;
}

/** When everybody is seen: a row a person, a bar an appearance. Bars lead there; the arrow keys go from bar to bar. */
export function Timeline({ people, duration, active, onActive, onJump }: Props) {
  const text = useText();
  const rows = people.slice(0, MOST_ROWS);
  if (duration <= 0) return null;
  return (
    <div className="compreface-timeline" role="group" aria-label={text("compreface.scene.timeline")} onKeyDown={moveFocus}>
      {rows.map((face, index) => (
        <Row
          key={face.id}
          face={face}
          number={index + 1}
          duration={duration}
          active={active === face.id}
          onActive={onActive}
          onJump={onJump}
        />
      ))}
      <Playhead duration={duration} />
      <div className="compreface-timeline-ends text-muted" aria-hidden="true">
        <span>{clock(0)}</span>
        <span>{clock(duration)}</span>
      </div>
    </div>
  );
}

interface RowProps extends Pick<Props, "duration" | "onActive" | "onJump"> {
  face: Face;
  number: number;
  active: boolean;
}

const Row = React.memo(function Row({ face, number, duration, active, onActive, onJump }: RowProps) {
  const text = useText();
  const name = named(face)?.name ?? text("compreface.scene.person", { number });
  return (
    <div
      className={`compreface-timeline-row${active ? " compreface-active" : ""}`}
      onMouseEnter={() => onActive(face.id)}
      onMouseLeave={() => onActive(null)}
    >
      <bdi className="compreface-timeline-name">{name}</bdi>
      <div className="compreface-timeline-track">
        {joined(face.appearances ?? [], duration * NARROWEST).map(([start, end]) => (
          <button
            key={start}
            type="button"
            className={`compreface-bar compreface-bar-${face.verdict ?? "unknown"}`}
            style={{
              insetInlineStart: `${(start / duration) * 100}%`,
              width: `${Math.max(NARROWEST, (end - start) / duration) * 100}%`,
            }}
            title={`${clock(start)}–${clock(end)}`}
            aria-label={text("compreface.scene.appearance", { name, start: clock(start), end: clock(end) })}
            onFocus={() => onActive(face.id)}
            onClick={() => onJump(start)}
          />
        ))}
      </div>
    </div>
  );
});

function Playhead({ duration }: { duration: number }) {
  const at = usePlayedTime();
  return (
    <div className="compreface-playhead-area" aria-hidden="true">
      <span className="compreface-playhead" style={{ insetInlineStart: `${Math.min(1, at / duration) * 100}%` }} />
    </div>
  );
}

function moveFocus(event: KeyboardEvent<HTMLElement>): void {
  const step = STEPS[event.key];
  if (step === undefined) return;
  const bars = [...event.currentTarget.querySelectorAll("button")];
  const here = bars.findIndex((each) => each === document.activeElement);
  bars[(here + step + bars.length) % bars.length]?.focus();
  event.preventDefault();
  event.nativeEvent.stopPropagation(); // the arrow keys of the page move the video
}
