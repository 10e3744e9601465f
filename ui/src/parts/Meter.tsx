import { React } from "../host";
import { useText } from "../text";

/** A similarity beside the line that is needed to be sure, where it is known; both 0 to 1. */
export function Meter({ similarity, required }: { similarity: number; required?: number }) {
  const text = useText();
  const value = text.similarity(similarity);
  const label =
    required === undefined
      ? text("compreface.gallery.similarity.one", { best: value })
      : text("compreface.similarity", { value, required: text.similarity(required) });
  return (
    <span className="compreface-meter" title={label}>
      <span className="compreface-meter-track" aria-hidden="true">
        <span className="compreface-meter-value" style={{ width: `${Math.min(1, similarity) * 100}%` }} />
        {required !== undefined && (
          <span className="compreface-meter-line" style={{ insetInlineStart: `${Math.min(1, required) * 100}%` }} />
        )}
      </span>
      <span aria-hidden="true">{value}</span>
      <span className="sr-only">{label}</span>
    </span>
  );
}
