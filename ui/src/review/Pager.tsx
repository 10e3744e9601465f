import { Bootstrap, Icon, React } from "../host";
import { useText } from "../text";

const { Button } = Bootstrap;

interface Props {
  offset: number;
  limit: number;
  total: number;
  onChange: (offset: number) => void;
}

/** Leafs through a list; nothing where one page is all. */
export function Pager({ offset, limit, total, onChange }: Props) {
  const text = useText();
  if (total <= limit) return null;
  const last = Math.min(total, offset + limit);
  return (
    <nav className="compreface-pager" aria-label={text("compreface.pages")}>
      <Button
        size="sm"
        variant="secondary"
        disabled={offset === 0}
        aria-label={text("compreface.pages.back")}
        onClick={() => onChange(Math.max(0, offset - limit))}
      >
        <Icon name="faChevronLeft" className="compreface-directed" />
      </Button>
      <span>{text("compreface.pages.at", { first: offset + 1, last, total })}</span>
      <Button
        size="sm"
        variant="secondary"
        disabled={last >= total}
        aria-label={text("compreface.pages.on")}
        onClick={() => onChange(offset + limit)}
      >
        <Icon name="faChevronRight" className="compreface-directed" />
      </Button>
    </nav>
  );
}
