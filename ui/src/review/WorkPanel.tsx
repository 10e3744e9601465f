import { Bootstrap, Icon, React } from "../host";
import { useText, type MessageId, type Text } from "../text";
import { RUNS_PAGE, type Statistics, type StepSpent, type Worked } from "./api";
import { modeName } from "./modes";
import { Pager } from "./Pager";
import { REASONS } from "./reasons";

const { Button } = Bootstrap;

const WAYS = ["tasks", "engines", "both", "runs"] as const;
type Way = (typeof WAYS)[number];

const STEPS: Record<string, MessageId> = {
  read: "compreface.step.read",
  open: "compreface.step.open",
  frames: "compreface.step.frames",
  load: "compreface.step.load",
  detect: "compreface.step.detect",
  embed: "compreface.step.embed",
  prepare: "compreface.step.prepare",
  server: "compreface.step.server",
  match: "compreface.step.match",
  group: "compreface.step.group",
  store: "compreface.step.store",
  write: "compreface.step.write",
  pause: "compreface.step.pause",
  other: "compreface.step.other",
};
const COUNTS: [string, MessageId][] = [
  ["seen", "compreface.work.items"],
  ["faces", "compreface.work.faces"],
  ["accepted", "compreface.work.named"],
  ["proposed", "compreface.work.review"],
  ["unknown", "compreface.work.unknown"],
  ["failed", "compreface.work.failed"],
  ["skipped", "compreface.work.skipped"],
];

interface Row {
  key: string;
  name: string;
  engine: string;
  worked: Worked;
}

interface Props {
  numbers: Statistics;
  offset: number;
  onOffset: (offset: number) => void;
}

/** What tasks and engines did, how fast, and on which steps the time was spent. */
export function WorkPanel({ numbers, offset, onOffset }: Props) {
  const text = useText();
  const id = "compreface-work-by";
  const [way, setWay] = React.useState<Way>("tasks");
  const rows = rowsOf(text, numbers, way);
  const withEngine = way !== "tasks";
  return (
    <section className="card compreface-work" aria-labelledby="compreface-work-title">
      <div className="compreface-work-head">
        <h3 id="compreface-work-title">{text("compreface.work.title")}</h3>
        <label htmlFor={id}>{text("compreface.work.by")}</label>
        <select id={id} className="form-control" value={way} onChange={(event) => setWay(event.target.value as Way)}>
          {WAYS.map((each) => (
            <option key={each} value={each}>
              {text(`compreface.work.by.${each}`)}
            </option>
          ))}
        </select>
      </div>
      {rows.length === 0 ? (
        <p className="text-muted">{text("compreface.work.none")}</p>
      ) : (
        <div className="compreface-work-scroll" role="region" tabIndex={0} aria-labelledby="compreface-work-title">
          <table className="table table-sm">
            <thead>
              <tr>
                {way !== "engines" && <th scope="col">{text("compreface.work.task")}</th>}
                {withEngine && <th scope="col">{text("compreface.work.engine")}</th>}
                {way !== "runs" && <Head id="compreface.work.runs" />}
                {COUNTS.map(([key, name]) => (
                  <Head key={key} id={name} />
                ))}
                <Head id="compreface.work.time" />
                <Head id="compreface.work.items.rate" />
                <Head id="compreface.work.faces.rate" />
                <Head id="compreface.work.steps" />
              </tr>
            </thead>
            <tbody>
              {rows.map((row) => (
                <WorkRow key={`${way} ${row.key}`} row={row} way={way} />
              ))}
            </tbody>
          </table>
        </div>
      )}
      {way === "runs" && <Pager offset={offset} limit={RUNS_PAGE} total={numbers.total} onChange={onOffset} />}
      <p className="text-muted">{text("compreface.work.overlap")}</p>
    </section>
  );
}

function rowsOf(text: Text, numbers: Statistics, way: Way): Row[] {
  const engine = (each: { engine: string; model: string }) => each.model || each.engine;
  switch (way) {
    case "tasks":
      return numbers.tasks.map((each) => ({ key: each.mode, name: modeName(text, each.mode), engine: "", worked: each }));
    case "engines":
      return numbers.engines.map((each) => ({ key: each.model, name: engine(each), engine: engine(each), worked: each }));
    case "both":
      return numbers.tasksByEngine.map((each) => {
        const name = modeName(text, each.mode);
        return { key: `${each.mode} ${each.model}`, name, engine: engine(each), worked: each };
      });
    case "runs":
      return numbers.runs.map((each) => {
        const name = `${modeName(text, each.mode)}, ${text.date(each.startedAt)}`;
        return { key: each.runId, name, engine: engine(each), worked: each };
      });
  }
}

function Head({ id }: { id: MessageId }) {
  const text = useText();
  return (
    <th scope="col" className="compreface-work-number">
      {text(id)}
    </th>
  );
}

function WorkRow({ row, way }: { row: Row; way: Way }) {
  const text = useText();
  const [open, setOpen] = React.useState(false);
  const { worked } = row;
  const numbers = [
    ...(way === "runs" ? [] : [text.number(worked.runs, 0)]),
    ...COUNTS.map(([key]) => text.number(worked.counts[key] ?? 0, 0)),
    text.duration(worked.seconds),
    worked.itemsPerSecond === null ? "–" : text.number(worked.itemsPerSecond, 2),
    worked.facesPerSecond === null ? "–" : text.number(worked.facesPerSecond, 2),
  ];
  const columns = numbers.length + 1 + (way === "tasks" || way === "engines" ? 1 : 2);
  return (
    <>
      <tr>
        {way !== "engines" && <th scope="row">{row.name}</th>}
        {way === "engines" && <th scope="row">{row.engine}</th>}
        {(way === "both" || way === "runs") && <td className="compreface-work-model">{row.engine}</td>}
        {numbers.map((each, n) => (
          <td key={n} className="compreface-work-number">
            {each}
          </td>
        ))}
        <td className="compreface-work-number">
          <Button
            size="sm"
            variant="secondary"
            aria-expanded={open}
            aria-label={text("compreface.work.steps.of", { name: row.name })}
            onClick={() => setOpen(!open)}
          >
            <Icon name={open ? "faChevronUp" : "faChevronDown"} />
          </Button>
        </td>
      </tr>
      {open && (
        <tr>
          <td colSpan={columns}>
            <Steps worked={worked} />
            <Reasons title="compreface.work.failed" reasons={worked.reasons.failed} />
            <Reasons title="compreface.work.skipped" reasons={worked.reasons.skipped} />
          </td>
        </tr>
      )}
    </>
  );
}

/** A bar a step; all of them together may be longer than the time. */
function Steps({ worked }: { worked: Worked }) {
  const text = useText();
  const longest = Math.max(worked.seconds, ...worked.steps.map((each) => each.seconds));
  return (
    <ul className="compreface-steps">
      {worked.steps.map((each) => (
        <li key={each.step}>
          <span>{name(text, STEPS, each.step)}</span>
          <span className="compreface-step-bar" aria-hidden="true">
            <span style={{ width: `${longest > 0 ? (100 * each.seconds) / longest : 0}%` }} />
          </span>
          <span className="compreface-work-number">{told(text, each)}</span>
        </li>
      ))}
    </ul>
  );
}

function told(text: Text, step: StepSpent): string {
  const seconds = text("compreface.step.seconds", { value: text.number(step.seconds, step.seconds < 10 ? 2 : 0) });
  if (step.msPerItem === null) return seconds;
  const perItem = text.number(step.msPerItem, step.msPerItem < 10 ? 1 : 0);
  return `${seconds} · ${text("compreface.step.per.item", { value: perItem })}`;
}

function Reasons({ title, reasons }: { title: MessageId; reasons: Record<string, number> }) {
  const text = useText();
  const found = Object.entries(reasons);
  if (found.length === 0) return null;
  return (
    <p className="compreface-reasons">
      <strong>{text(title)}</strong> {found.map(([code, count]) => `${name(text, REASONS, code)}: ${text.number(count, 0)}`).join("; ")}
    </p>
  );
}

/** What a word of the plugin is called on the page; the word itself where there is no name for it yet. */
function name(text: Text, names: Record<string, MessageId>, word: string): string {
  const id = names[word];
  return id === undefined ? word : text(id);
}
