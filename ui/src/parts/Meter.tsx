import { React } from "../host";
import { useText } from "../text";

/** A similarity beside the line that is needed to be sure; both 0 to 1. */
export function Meter({ similarity, required }: { similarity: number; required: number }) {
  const text = useText();
  const label = text("compreface.similarity", {
    value: text.similarity(similarity),
    required: text.similarity(required),
  });
  return (
    <span className="compreface-meter" title={label}>
      <span className="compreface-meter-track" aria-hidden="true">
        <span className="compreface-meter-value" style={{ width: `${Math.min(1, similarity) * 100}%` }} />
        <span className="compreface-meter-line" style={{ insetInlineStart: `${Math.min(1, required) * 100}%` }} />
      </span>
      <span aria-hidden="true">{text.similarity(similarity)}</span>
      <span className="sr-only">{label}</span>
    </span>
  );
}
