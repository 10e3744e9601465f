import { Bootstrap, Icon, React } from "../host";
import { useText } from "../text";
import type { Person } from "./operations";

const { Button } = Bootstrap;

interface Props {
  pair: [Person, Person];
  /** By id, why one cannot go into the other; "" when it can. */
  obstacles: Record<string, string>;
  busy: boolean;
  onMerge(keep: Person, gone: Person): void;
}

/** Two performers become one, after a second click. Only whom the plugin made, and nobody touched, may go. */
export function Merge({ pair, obstacles, busy, onMerge }: Props) {
  const text = useText();
  const [asked, setAsked] = React.useState<{ keep: Person; gone: Person } | null>(null);
  const ways = [
    { keep: pair[0], gone: pair[1] },
    { keep: pair[1], gone: pair[0] },
  ].filter(({ gone }) => obstacles[gone.id] === "");
  if (ways.length === 0) {
    return (
      <p className="text-muted">{text("compreface.performer.merge.cannot", { why: obstacles[pair[1].id] ?? "" })}</p>
    );
  }
  if (asked === null) {
    return (
      <>
        {ways.map((way) => (
          <Button key={way.gone.id} size="sm" variant="secondary" disabled={busy} onClick={() => setAsked(way)}>
            <Icon name="faCodeMerge" />{" "}
            <span>{text("compreface.performer.merge", { gone: way.gone.name, keep: way.keep.name })}</span>
          </Button>
        ))}
      </>
    );
  }
  const { keep, gone } = asked;
  return (
    <div className="compreface-box card" role="group" aria-label={text("compreface.performer.merge.confirm")}>
      <p>{text("compreface.performer.merge.text", { gone: gone.name, keep: keep.name })}</p>
      <div className="compreface-actions">
        <Button size="sm" variant="primary" disabled={busy} autoFocus onClick={() => onMerge(keep, gone)}>
          {text("compreface.performer.merge.confirm")}
        </Button>
        <Button size="sm" variant="secondary" disabled={busy} onClick={() => setAsked(null)}>
          {text("compreface.cancel")}
        </Button>
      </div>
    </div>
  );
}
