import type { RefObject } from "react";
import { React } from "../host";
import { useText } from "../text";
import type { Point, Source } from "./api";

const WIDEST = 640; // on a phone it is drawn narrower, and not smaller: its words stay readable
const NARROWEST = 280;
const HEIGHT = 260;
const EDGE = { left: 46, right: 46, top: 12, bottom: 34 };
const FROM = 0.5; // thresholds: as `calibration` gives them
const LEAST = 0.1; // wrong names per 1,000, of the logarithmic scale
const MOST = 1000;
const DECADES = [0.1, 1, 10, 100, 1000];
const MARKS = [0.5, 0.6, 0.7, 0.8, 0.9, 1];

const share = (part: number) => EDGE.top + (1 - part) * (HEIGHT - EDGE.top - EDGE.bottom);
const rate = (wrong: number) =>
  share(Math.log(Math.min(MOST, Math.max(LEAST, wrong)) / LEAST) / Math.log(MOST / LEAST));

type Across = (threshold: number) => number;

function line(points: Point[], across: Across, height: (point: Point) => number | null): string {
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
  const [figure, width] = useWidth();
  const { points, current } = source;
  const across: Across = (threshold) => EDGE.left + ((threshold - FROM) / (1 - FROM)) * (width - EDGE.left - EDGE.right);
  const found = line(points, across, (each) => (each.recall === null ? null : share(each.recall)));
  const wrong = line(points, across, (each) => rate(each.wrongPer1000 ?? each.expectedWrongPer1000));
  return (
    <figure ref={figure} className="compreface-plot">
      <svg viewBox={`0 0 ${width} ${HEIGHT}`} role="img" aria-label={text("compreface.calibration.plot")} direction="ltr">
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
          <text key={each} x={width - EDGE.right + 6} y={rate(each) + 4}>
            {text.number(each, 1)}
          </text>
        ))}
        <text x={(width - EDGE.left - EDGE.right) / 2 + EDGE.left} y={HEIGHT - 4} textAnchor="middle">
          {text("compreface.calibration.threshold")}
        </text>
        <line className="compreface-plot-review" x1={across(review)} x2={across(review)} y1={EDGE.top} y2={share(0)} />
        <polyline className="compreface-plot-found" points={found} />
        <polyline className="compreface-plot-wrong" points={wrong} />
        <Mark x={across(current.threshold)} className="compreface-plot-now" />
        {chosen && <Mark x={across(chosen.threshold)} className="compreface-plot-chosen" />}
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

function Mark({ x, className }: { x: number; className: string }) {
  return <line className={className} x1={x} x2={x} y1={EDGE.top} y2={share(0)} />;
}

/** How wide the element is, as far as it is drawn so. */
function useWidth(): [RefObject<HTMLElement>, number] {
  const element = React.useRef<HTMLElement>(null);
  const [width, setWidth] = React.useState(WIDEST);
  React.useEffect(() => {
    if (element.current === null) return undefined;
    const observer = new ResizeObserver(([entry]) => {
      if (entry) setWidth(Math.round(Math.min(WIDEST, Math.max(NARROWEST, entry.contentRect.width))));
    });
    observer.observe(element.current);
    return () => observer.disconnect();
  }, []);
  return [element, width];
}
