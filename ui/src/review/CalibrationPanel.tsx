import { Bootstrap, Icon, React, useSettingsRefresh } from "../host";
import { Failed, Working } from "../parts/notices";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useDoing } from "../parts/useDoing";
import { useText } from "../text";
import { calibration, setThreshold, type Calibration, type Point, type Source } from "./api";
import { Plot } from "./Plot";

const { Button } = Bootstrap;

const STOPS = [0.5, 1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100]; // wrong names per 1,000 that can be chosen
const BELOW = "below reviewSimilarity"; // as `calibrate` says it

/** What the threshold means in this library, and a slider that chooses another by the errors it makes. */
export function CalibrationPanel() {
  const text = useText();
  const { state: asked, again } = useAnswer(calibration);
  const answer = valueOf(asked);
  return (
    <section className="compreface-calibration card" aria-label={text("compreface.calibration.title")}>
      <h3>{text("compreface.calibration.title")}</h3>
      {asked.kind === "failed" && (
        <Failed title={text("compreface.calibration.failed")} message={asked.message} onRetry={again} />
      )}
      {answer === undefined && asked.kind === "working" && <Working words={text("compreface.calibration.loading")} />}
      {answer && <Panel found={answer} onChanged={again} />}
    </section>
  );
}

/** The lowest threshold that errs no more often: the point that finds most. */
function pointFor(source: Source, wrong: number): Point | undefined {
  return source.points.find((each) => (each.wrongPer1000 ?? each.expectedWrongPer1000) <= wrong);
}

function nearestStop(value: number): number {
  const distances = STOPS.map((stop) => Math.abs(Math.log(stop / Math.max(0.1, value))));
  return distances.indexOf(Math.min(...distances));
}

function Panel({ found, onChanged }: { found: Calibration; onChanged: () => void }) {
  const text = useText();
  const [at, setAt] = React.useState<number | null>(null);
  const [done, setDone] = React.useState("");
  const { busy, fault, run } = useDoing();
  const refreshSettings = useSettingsRefresh();
  const source = found.sources[0];
  if (source === undefined) return null;
  const now = source.current.wrongPer1000 ?? source.current.expectedWrongPer1000;
  const index = at ?? nearestStop(now);
  const wanted = STOPS[index] ?? 5;
  const chosen = pointFor(source, wanted);
  const percent = (value: number | null) => (value === null ? "–" : text.percent(value));
  const tooFine = source.measuredDownTo !== null && wanted < source.measuredDownTo;
  const belowReview = chosen !== undefined && chosen.threshold < found.reviewSimilarity;
  const apply = () =>
    run(async () => {
      const { applied } = await setThreshold(wanted);
      setDone(
        applied?.changed
          ? text("compreface.calibration.set", { value: text.number(applied.now ?? 0, 3) })
          : text(applied?.reason === BELOW ? "compreface.calibration.below" : "compreface.calibration.not.set"),
      );
      onChanged();
      await refreshSettings();
    });
  return (
    <>
      <p>
        {text(source.current.recall === null ? "compreface.calibration.now.model" : "compreface.calibration.now", {
          threshold: text.number(found.minSimilarity, 3),
          wrong: text.number(now, 2),
          recall: percent(source.current.recall),
          people: found.people,
          faces: source.faces,
        })}
      </p>
      {!source.enough && <p className="compreface-box card">{text("compreface.calibration.few")}</p>}
      <Plot source={source} chosen={chosen} review={found.reviewSimilarity} />
      <div className="compreface-slider">
        <label htmlFor="compreface-wrong">{text("compreface.calibration.slider")}</label>
        <input
          id="compreface-wrong"
          type="range"
          min={0}
          max={STOPS.length - 1}
          step={1}
          value={index}
          aria-valuetext={text("compreface.calibration.per", { value: text.number(wanted, 1) })}
          onChange={(event) => setAt(Number(event.target.value))}
        />
        <output htmlFor="compreface-wrong">{text("compreface.calibration.per", { value: text.number(wanted, 1) })}</output>
      </div>
      <p>
        {chosen === undefined
          ? text("compreface.calibration.none")
          : text(chosen.recall === null ? "compreface.calibration.chosen.model" : "compreface.calibration.chosen", {
              threshold: text.number(chosen.threshold, 3),
              recall: percent(chosen.recall),
            })}{" "}
        {tooFine && (
          <span className="text-muted">
            {text("compreface.calibration.fine", { value: text.number(source.measuredDownTo ?? 0, 1) })}
          </span>
        )}
        {belowReview && <span className="text-muted">{text("compreface.calibration.below")}</span>}
      </p>
      <div className="compreface-actions">
        <Button
          size="sm"
          variant="primary"
          disabled={busy || !source.enough || chosen === undefined || belowReview || tooFine}
          onClick={apply}
        >
          <Icon name="faSliders" /> <span>{text("compreface.calibration.apply")}</span>
        </Button>
      </div>
      <div role="status">{done}</div>
      {fault !== "" && <Failed title={text("compreface.failed.write")} message={fault} />}
    </>
  );
}
