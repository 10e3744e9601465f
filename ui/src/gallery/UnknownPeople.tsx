import { Bootstrap, hasUnsavedEdits, Icon, React } from "../host";
import { CreatePerformer, PickPerformer } from "../faces/forms";
import { link, removeLinked, type Linked, type StashBoxPerson } from "../faces/stashBox";
import { useWork } from "../jobs";
import { Ended } from "../parts/Ended";
import { messageOf } from "../parts/notices";
import { Progress } from "../parts/Progress";
import { undoRun } from "../operations";
import { useText } from "../text";
import { createAll, ignoreUnknown, nameUnknown, unknownIn, type UnknownAnswer, type UnknownPerson } from "./operations";

const { Button, Spinner } = Bootstrap;

const PAGE = 24;
const WORTH_SAYING = 0.3; // similarity: below it, the nearest is nobody in particular

interface Props {
  galleryId: string;
  /** Asked again when it changes. */
  generation: number;
  /** New performers go on the images too. */
  tagImages: boolean;
  onChanged: (said: string) => void;
}

type Done = { runId: string; words: string; linked?: Linked };

/** Groups of faces nobody was found for, largest first; to be named or set aside. Nothing where there is none. */
export function UnknownPeople({ galleryId, generation, tagImages, onChanged }: Props) {
  const text = useText();
  const [found, setFound] = React.useState<UnknownAnswer | null>(null);
  const [limit, setLimit] = React.useState(PAGE);
  const [problem, setProblem] = React.useState("");
  const [done, setDone] = React.useState<Done | null>(null);
  React.useEffect(() => {
    let wanted = true;
    unknownIn(galleryId, limit).then(
      (answer) => {
        if (!wanted) return;
        setFound(answer);
        setProblem("");
      },
      (error: unknown) => wanted && setProblem(messageOf(error)),
    );
    return () => {
      wanted = false;
    };
  }, [galleryId, generation, limit]);

  const settle = (said: Done) => {
    setDone(said);
    onChanged(said.words);
  };
  const undo = ({ runId, linked }: Done) =>
    undoRun(runId)
      .then(() => linked && removeLinked(linked))
      .then(
        () => {
          setDone(null);
          onChanged(text("compreface.done.undo"));
        },
        (error: unknown) => setProblem(messageOf(error)),
      );
  const work = useWork(`people of gallery ${galleryId}`, ({ how, runId, created = 0 }) => {
    if (how === "finished" && runId !== undefined) {
      settle({ runId: created > 0 ? runId : "", words: text("compreface.done.create.all", { count: created }) });
    }
  });
  const makeAll = () => {
    setDone(null);
    setProblem(hasUnsavedEdits() ? text("compreface.unsaved") : "");
    if (hasUnsavedEdits()) return;
    work.start({ description: text("compreface.gallery.create.task", { id: galleryId }) }, createAll(galleryId, tagImages));
  };
  if (found === null && problem === "") {
    return (
      <p className="compreface-unknown text-muted" role="status">
        <Spinner animation="border" size="sm" /> {text("compreface.gallery.grouping")}
      </p>
    );
  }
  const { clusters: people, total, minFacesPerPerson: least } = found ?? { clusters: [], total: 0, minFacesPerPerson: 0 };
  const enough = people.some((each) => each.faces >= least);
  if (people.length === 0 && done === null && problem === "" && !work.active && work.ending === null) return null;
  return (
    <div className="compreface-unknown">
      <div className="compreface-summary">
        <strong>{text("compreface.gallery.unknown", { count: total })}</strong>
        {enough && (
          <Button
            size="sm"
            variant="secondary"
            title={text("compreface.create.all.hint")}
            disabled={work.active}
            onClick={makeAll}
          >
            <Icon name="faUsers" /> <span>{text("compreface.gallery.create.all", { count: least })}</span>
          </Button>
        )}
      </div>
      {work.active && <Progress work={work} words={text("compreface.gallery.creating")} />}
      <Ended work={work} title={text("compreface.failed.write")} />
      {problem !== "" && (
        <p className="compreface-refused" role="alert">
          {text("compreface.gallery.unknown.failed")}: {problem}
        </p>
      )}
      {done !== null && (
        <p className="compreface-done">
          {done.words}{" "}
          {done.runId !== "" && (
            <Button size="sm" variant="secondary" onClick={() => void undo(done)}>
              <Icon name="faRotateLeft" /> {text("compreface.undo")}
            </Button>
          )}
        </p>
      )}
      <ul className="compreface-people">
        {people.map((each) => (
          <UnknownCard key={each.id} person={each} onDone={settle} />
        ))}
      </ul>
      {total > people.length && (
        <Button size="sm" variant="secondary" onClick={() => setLimit(limit + PAGE)}>
          {text("compreface.more")}
        </Button>
      )}
    </div>
  );
}

function UnknownCard({ person, onDone }: { person: UnknownPerson; onDone: (done: Done) => void }) {
  const text = useText();
  const [form, setForm] = React.useState<"pick" | "create" | null>(null);
  const [busy, setBusy] = React.useState(false);
  const [problem, setProblem] = React.useState("");
  const best = person.nearest.find((each) => each.inLibrary && each.similarity >= WORTH_SAYING);
  const about = text("compreface.gallery.unknown.one", { count: person.items.length });
  const act = (task: () => Promise<Done>) => {
    setForm(null);
    setProblem(hasUnsavedEdits() ? text("compreface.unsaved") : "");
    if (hasUnsavedEdits()) return;
    setBusy(true);
    task()
      .then(onDone, (error: unknown) => setProblem(messageOf(error)))
      .finally(() => setBusy(false));
  };
  const name = (who: { id: string; name: string } | { name: string }, elsewhere?: StashBoxPerson) =>
    act(async () => {
      const { runId, name: made, performerId } = await nameUnknown(person.id, who);
      const linked = elsewhere && (await link(performerId, elsewhere));
      return { runId, linked, words: text("compreface.gallery.done.named", { name: made, count: person.items.length }) };
    });
  const ignore = () =>
    act(async () => ({ runId: (await ignoreUnknown(person.id)).runId, words: text("compreface.done.ignore") }));
  return (
    <li className="compreface-person card" aria-busy={busy}>
      <div className="compreface-person-main">
        <div className="compreface-crop">
          {person.crop ? <img src={person.crop} alt="" /> : <Icon name="faUser" className="compreface-crop-empty" />}
        </div>
        <div className="compreface-card-body">
          <h6 className="compreface-name">{about}</h6>
          {best && (
            <small className="text-muted">
              {text("compreface.gallery.nearest", { name: best.name, value: text.similarity(best.similarity) })}
            </small>
          )}
        </div>
        {busy && <Spinner animation="border" size="sm" />}
      </div>
      {problem !== "" && (
        <p className="compreface-refused" role="alert">
          {problem}
        </p>
      )}
      <div className="compreface-actions">
        <Button
          size="sm"
          variant="secondary"
          disabled={busy}
          aria-expanded={form === "pick"}
          onClick={() => setForm(form === "pick" ? null : "pick")}
        >
          <Icon name="faMagnifyingGlass" /> <span>{text("compreface.gallery.name")}</span>
        </Button>
        <Button
          size="sm"
          variant="secondary"
          disabled={busy}
          aria-expanded={form === "create"}
          onClick={() => setForm(form === "create" ? null : "create")}
        >
          <Icon name="faUserPlus" /> <span>{text("compreface.create")}</span>
        </Button>
        <Button
          size="sm"
          variant="secondary"
          className="compreface-slim"
          disabled={busy}
          title={text("compreface.ignore")}
          aria-label={text("compreface.ignore")}
          onClick={ignore}
        >
          <Icon name="faUserSlash" />
        </Button>
      </div>
      {form === "pick" && <PickPerformer onCancel={() => setForm(null)} onPick={(who) => name(who)} />}
      {form === "create" && (
        <CreatePerformer
          suggestion=""
          onCancel={() => setForm(null)}
          onUse={(who) => name(who)}
          onCreate={(chosen, elsewhere) => name({ name: chosen }, elsewhere)}
        />
      )}
    </li>
  );
}
