import type { FormEvent, KeyboardEvent } from "react";
import { Bootstrap, Icon, React, served } from "../host";
import { performersNamed, type Performer } from "../operations";
import { HostSelect } from "../parts/HostSelect";
import { useText } from "../text";
import { onStashBoxes, type StashBoxPerson } from "./stashBox";

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
export function closing(onCancel: () => void) {
  return (event: KeyboardEvent<HTMLElement>) => {
    if (event.key !== "Escape") return;
    event.nativeEvent.stopPropagation();
    onCancel();
  };
}

/** Anybody in the library, found with the host's own search. */
export function PickPerformer({ onPick, onCancel }: { onPick: (who: Chosen) => void; onCancel: () => void }) {
  const text = useText();
  const [chosen, setChosen] = React.useState<Chosen[]>([]);
  const view = useInView();
  const first = chosen[0];
  return (
    <div ref={view} className="compreface-form" onKeyDown={closing(onCancel)}>
      <span className="compreface-form-label">{text("compreface.pick.label")}</span>
      <HostSelect name="PerformerSelect" chosen={chosen} onSelect={setChosen} />
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
  /** There is no neutral name for whoever it is. */
  nameNeeded?: boolean;
  onCreate: (name: string, person?: StashBoxPerson) => void;
  onUse: (who: Chosen) => void;
  onCancel: () => void;
}

/** A new performer; somebody of that name who is in the library, or on a stash-box, is offered first. */
export function CreatePerformer({ suggestion, nameNeeded = false, onCreate, onUse, onCancel }: CreateProps) {
  const text = useText();
  const [name, setName] = React.useState(suggestion);
  const existing = useExisting(name.trim());
  const [elsewhere, setElsewhere] = React.useState<{ name: string; people: StashBoxPerson[] } | null>(null);
  const [asking, setAsking] = React.useState(false);
  const view = useInView();
  const id = React.useMemo(() => `compreface-name-${Math.random().toString(36).slice(2)}`, []);
  const refused = existing.length > 0 || asking || (nameNeeded && name.trim() === "");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const wanted = name.trim();
    if (refused) return;
    if (wanted === "" || elsewhere?.name === wanted) {
      onCreate(wanted);
      return;
    }
    setAsking(true);
    onStashBoxes(wanted)
      .catch(() => []) // not knowing is no obstacle
      .then((people) => (people.length === 0 ? onCreate(wanted) : setElsewhere({ name: wanted, people })))
      .finally(() => setAsking(false));
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
          placeholder={nameNeeded ? undefined : text("compreface.create.placeholder")}
          required={nameNeeded}
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
              <span key={each.id}>
                <Button size="sm" variant="success" onClick={() => onUse(each)}>
                  {each.image_path && <img className="compreface-portrait" src={each.image_path} alt="" />}
                  <bdi>{text("compreface.create.use", { name: each.name })}</bdi>
                </Button>
                <Elsewhere page={served(`performers/${each.id}`)} name={each.name} />
              </span>
            ))}
          </div>
        )}
        {elsewhere?.name === name.trim() && (
          <div className="compreface-existing" role="status">
            <span>{text("compreface.create.elsewhere")}</span>
            {elsewhere.people.map((each) => (
              <span key={each.endpoint + each.stashId}>
                <Button size="sm" variant="success" onClick={() => onCreate(each.name, each)}>
                  <bdi>{each.disambiguation ? `${each.name} (${each.disambiguation})` : each.name}</bdi>
                  {` · ${each.box}`}
                </Button>
                <Elsewhere page={each.page} name={each.name} />
              </span>
            ))}
          </div>
        )}
        <div className="compreface-actions">
          <Button type="submit" size="sm" variant="primary" disabled={refused}>
            <Icon name="faUserPlus" />
            <span>{text(elsewhere?.name === name.trim() ? "compreface.create.anyway" : "compreface.create.button")}</span>
          </Button>
          <Button size="sm" variant="secondary" onClick={onCancel}>
            {text("compreface.cancel")}
          </Button>
        </div>
      </form>
    </div>
  );
}

/** Opens beside this page, which would lose what was typed. */
function Elsewhere({ page, name }: { page: string; name: string }) {
  const text = useText();
  const label = text("compreface.create.look", { name });
  return (
    <a className="compreface-elsewhere" href={page} target="_blank" rel="noreferrer" title={label} aria-label={label}>
      <Icon name="faArrowUpRightFromSquare" />
    </a>
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
