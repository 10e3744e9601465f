import { React } from "../host";
import { useText } from "../text";
import type { Point, Source } from "./api";

const WIDTH = 640;
const HEIGHT = 260;
const EDGE = { left: 46, right: 46, top: 12, bottom: 34 };
const FROM = 0.5; // thresholds: as `calibration` gives them
const LEAST = 0.1; // wrong names per 1,000, of the logarithmic scale
const MOST = 1000;
const DECADES = [0.1, 1, 10, 100, 1000];
const MARKS = [0.5, 0.6, 0.7, 0.8, 0.9, 1];

const across = (threshold: number) => EDGE.left + ((threshold - FROM) / (1 - FROM)) * (WIDTH - EDGE.left - EDGE.right);
const share = (part: number) => EDGE.top + (1 - part) * (HEIGHT - EDGE.top - EDGE.bottom);
const rate = (wrong: number) =>
  share(Math.log(Math.min(MOST, Math.max(LEAST, wrong)) / LEAST) / Math.log(MOST / LEAST));

function line(points: Point[], height: (point: Point) => number | null): string {
  return points
    .flatMap((each) => {
      const y = height(each);
      return y === null ? [] : [`${across(each.threshold).toFixed(1)},${y.toFixed(1)}`];
    })
    .join(" ");
}

/** Known people found and strangers named, over the threshold. The scale of the errors is logarithmic. */
export function Plot({ source, chosen, review }: { source: Source; chosen: Point | undefined; review: number }) {
  const text = useText();
  const { points, current } = source;
  const found = line(points, (each) => (each.recall === null ? null : share(each.recall)));
  const wrong = line(points, (each) => rate(each.wrongPer1000 ?? each.expectedWrongPer1000));
  return (
    <figure className="compreface-plot">
      <svg viewBox={`0 0 ${WIDTH} ${HEIGHT}`} role="img" aria-label={text("compreface.calibration.plot")} direction="ltr">
        {MARKS.map((each) => (
          <g key={each}>
            <line className="compreface-plot-grid" x1={across(each)} x2={across(each)} y1={EDGE.top} y2={share(0)} />
            <text x={across(each)} y={share(0) + 15} textAnchor="middle">
              {text.number(each, 1)}
            </text>
          </g>
        ))}
        {[0, 0.25, 0.5, 0.75, 1].map((each) => (
          <text key={each} x={EDGE.left - 6} y={share(each) + 4} textAnchor="end">
            {text.percent(each)}
          </text>
        ))}
        {DECADES.map((each) => (
          <text key={each} x={WIDTH - EDGE.right + 6} y={rate(each) + 4}>
            {text.number(each, 1)}
          </text>
        ))}
        <text x={(WIDTH - EDGE.left - EDGE.right) / 2 + EDGE.left} y={HEIGHT - 4} textAnchor="middle">
          {text("compreface.calibration.threshold")}
        </text>
        <line className="compreface-plot-review" x1={across(review)} x2={across(review)} y1={EDGE.top} y2={share(0)} />
        <polyline className="compreface-plot-found" points={found} />
        <polyline className="compreface-plot-wrong" points={wrong} />
        <Mark at={current} className="compreface-plot-now" />
        {chosen && <Mark at={chosen} className="compreface-plot-chosen" />}
      </svg>
      <figcaption className="compreface-legend">
        {found !== "" && <span className="compreface-plot-found">{text("compreface.calibration.found")}</span>}
        <span className="compreface-plot-wrong">{text("compreface.calibration.wrong")}</span>
        <span className="compreface-plot-now">{text("compreface.calibration.mark.now")}</span>
        <span className="compreface-plot-chosen">{text("compreface.calibration.mark.chosen")}</span>
      </figcaption>
    </figure>
  );
}

function Mark({ at, className }: { at: Point; className: string }) {
  return <line className={className} x1={across(at.threshold)} x2={across(at.threshold)} y1={EDGE.top} y2={share(0)} />;
}
