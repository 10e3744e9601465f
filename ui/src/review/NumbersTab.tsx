import { React } from "../host";
import { Failed, Working } from "../parts/notices";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useText, type MessageId } from "../text";
import { statistics, type Statistics } from "./api";
import { CalibrationPanel } from "./CalibrationPanel";
import { WorkPanel } from "./WorkPanel";

/** How much was looked at and found, how often it was right, and what the threshold means here. */
export function NumbersTab() {
  const text = useText();
  const [offset, setOffset] = React.useState(0);
  const ask = React.useCallback((signal: AbortSignal) => statistics(offset, signal), [offset]);
  const { state: asked, again } = useAnswer(ask);
  const answer = valueOf(asked);
  return (
    <>
      {asked.kind === "failed" && (
        <Failed title={text("compreface.numbers.failed")} message={asked.message} onRetry={again} />
      )}
      {answer === undefined && asked.kind === "working" && <Working words={text("compreface.numbers.loading")} />}
      {answer && <Numbers numbers={answer} />}
      {answer && <WorkPanel numbers={answer} offset={offset} onOffset={setOffset} />}
      <CalibrationPanel />
    </>
  );
}

interface Group {
  title: MessageId;
  rows: [MessageId, number][];
}

function groups(numbers: Statistics): Group[] {
  const { items, faces, decisions, judged } = numbers;
  const right = (verdict: string) => judged[verdict]?.right ?? 0;
  const wrong = (verdict: string) => judged[verdict]?.wrong ?? 0;
  const looked = (kind: string, title: MessageId): Group[] =>
    items[kind] === undefined
      ? []
      : [
          {
            title,
            rows: [
              ["compreface.numbers.scanned", items[kind].scanned],
              ["compreface.numbers.matched", items[kind].matched],
              ["compreface.numbers.failed.items", items[kind].failed],
            ],
          },
        ];
  return [
    ...looked("image", "compreface.numbers.images"),
    ...looked("scene", "compreface.numbers.scenes"),
    {
      title: "compreface.numbers.faces",
      rows: [
        ["compreface.numbers.all", faces.all ?? 0],
        ["compreface.numbers.accept", faces.accept ?? 0],
        ["compreface.numbers.waiting", numbers.waiting],
        ["compreface.numbers.unknown", faces.unknown ?? 0],
        ["compreface.numbers.ignored", faces.ignored ?? 0],
      ],
    },
    {
      title: "compreface.numbers.people",
      rows: [
        ["compreface.numbers.enrolled", numbers.people],
        ["compreface.numbers.own", numbers.examples.own],
        ["compreface.numbers.learned", numbers.examples.learned],
        ["compreface.numbers.standing", numbers.named.standing],
        ["compreface.numbers.undone", numbers.named.undone],
      ],
    },
    {
      title: "compreface.numbers.words",
      rows: [
        ["compreface.numbers.confirmed", decisions.confirmed ?? 0],
        ["compreface.numbers.rejected", decisions["not this person"] ?? 0],
        ["compreface.numbers.right", right("review")],
        ["compreface.numbers.wrong", wrong("review")],
        ["compreface.numbers.wrong.sure", wrong("accept")],
      ],
    },
  ];
}

function Numbers({ numbers }: { numbers: Statistics }) {
  const text = useText();
  return (
    <section aria-label={text("compreface.numbers.title")}>
      <div className="compreface-numbers">
        {groups(numbers).map((group) => (
          <div key={group.title} className="card compreface-number-card">
            <h3>{text(group.title)}</h3>
            <dl>
              {group.rows.map(([id, value]) => (
                <div key={id}>
                  <dt>{text(id)}</dt>
                  <dd>{text.number(value, 0)}</dd>
                </div>
              ))}
            </dl>
          </div>
        ))}
      </div>
      <p className="text-muted">
        {text("compreface.numbers.model", { model: numbers.model ?? "–" })} ·{" "}
        {text("compreface.numbers.size", { value: text.number(numbers.databaseBytes / 1e6, 1) })}
      </p>
    </section>
  );
}
