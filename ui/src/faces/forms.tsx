import type { FormEvent, KeyboardEvent } from "react";
import { Boundary } from "../boundary";
import { Bootstrap, Icon, React, useHostComponent } from "../host";
import { performersNamed, type Performer } from "../operations";
import { useText } from "../text";

const { Button } = Bootstrap;

const TYPING_PAUSE_MS = 300;

interface Chosen {
  id: string;
  name: string;
}

/** A form that has just opened is brought into view. */
function useInView() {
  const form = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => form.current?.scrollIntoView({ block: "nearest" }), []);
  return form;
}

/** Escape closes the form and nothing else. */
function closing(onCancel: () => void) {
  return (event: KeyboardEvent<HTMLElement>) => {
    if (event.key !== "Escape") return;
    event.nativeEvent.stopPropagation();
    onCancel();
  };
}

/** Anybody in the library, found with the host's own search. */
export function PickPerformer({ onPick, onCancel }: { onPick: (who: Chosen) => void; onCancel: () => void }) {
  const text = useText();
  const Select = useHostComponent("PerformerSelect");
  const [chosen, setChosen] = React.useState<Chosen[]>([]);
  const view = useInView();
  const first = chosen[0];
  return (
    <div ref={view} className="compreface-form" onKeyDown={closing(onCancel)}>
      <span className="compreface-form-label">{text("compreface.pick.label")}</span>
      {Select === undefined && <p className="text-muted">{text("compreface.loading")}</p>}
      {Select && (
        <Boundary fallback={() => <p role="alert">{text("compreface.failed.panel")}</p>}>
          <Select
            values={chosen}
            onSelect={(items: Chosen[]) => setChosen(items)}
            isMulti={false}
            creatable={false}
            autoFocus
            menuPortalTarget={document.body}
          />
        </Boundary>
      )}
      <div className="compreface-actions">
        <Button size="sm" variant="primary" disabled={first === undefined} onClick={() => first && onPick(first)}>
          {text("compreface.pick.use")}
        </Button>
        <Button size="sm" variant="secondary" onClick={onCancel}>
          {text("compreface.cancel")}
        </Button>
      </div>
    </div>
  );
}

interface CreateProps {
  suggestion: string;
  onCreate: (name: string) => void;
  onUse: (who: Chosen) => void;
  onCancel: () => void;
}

/** A new performer; somebody of that name who is there already is offered first. */
export function CreatePerformer({ suggestion, onCreate, onUse, onCancel }: CreateProps) {
  const text = useText();
  const [name, setName] = React.useState(suggestion);
  const existing = useExisting(name.trim());
  const view = useInView();
  const id = React.useMemo(() => `compreface-name-${Math.random().toString(36).slice(2)}`, []);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (existing.length === 0) onCreate(name.trim());
  };
  return (
    <div ref={view} className="compreface-form" onKeyDown={closing(onCancel)}>
      <form onSubmit={submit}>
        <label className="compreface-form-label" htmlFor={id}>
          {text("compreface.create.label")}
        </label>
        <input
          id={id}
          className="form-control text-input"
          value={name}
          maxLength={255}
          placeholder={text("compreface.create.placeholder")}
          aria-describedby={`${id}-hint`}
          autoComplete="off"
          autoFocus
          onChange={(event) => setName(event.target.value)}
        />
        <small id={`${id}-hint`} className="text-muted">
          {text("compreface.create.hint")}
        </small>
        {existing.length > 0 && (
          <div className="compreface-existing" role="status">
            <span>{text("compreface.create.exists")}</span>
            {existing.map((each) => (
              <Button key={each.id} size="sm" variant="success" onClick={() => onUse(each)}>
                {each.image_path && <img className="compreface-portrait" src={each.image_path} alt="" />}
                <bdi>{text("compreface.create.use", { name: each.name })}</bdi>
              </Button>
            ))}
          </div>
        )}
        <div className="compreface-actions">
          <Button type="submit" size="sm" variant="primary" disabled={existing.length > 0}>
            <Icon name="faUserPlus" />
            <span>{text("compreface.create.button")}</span>
          </Button>
          <Button size="sm" variant="secondary" onClick={onCancel}>
            {text("compreface.cancel")}
          </Button>
        </div>
      </form>
    </div>
  );
}

/** Performers of that name, asked for when typing has paused. Not knowing is no obstacle: Stash refuses doubles itself. */
function useExisting(name: string): Performer[] {
  const [found, setFound] = React.useState<Performer[]>([]);
  React.useEffect(() => {
    setFound([]);
    if (name === "") return undefined;
    let wanted = true;
    const timer = window.setTimeout(() => {
      performersNamed(name).then(
        (performers) => wanted && setFound(performers),
        () => undefined,
      );
    }, TYPING_PAUSE_MS);
    return () => {
      wanted = false;
      window.clearTimeout(timer);
    };
  }, [name]);
  return found;
}
