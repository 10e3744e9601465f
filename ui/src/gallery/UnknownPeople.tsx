import { Bootstrap, Icon, React } from "../host";
import { useWork } from "../jobs";
import { Ended } from "../parts/Ended";
import { Failed } from "../parts/notices";
import { Progress } from "../parts/Progress";
import { useAnswer, valueOf } from "../parts/useAnswer";
import { useKeptFocus } from "../parts/useKeptFocus";
import { Written } from "../parts/useWriting";
import { useText } from "../text";
import { NameGroup } from "../unknown/NameGroup";
import { alike, groups, type Group } from "../unknown/operations";
import { useNaming, type Naming } from "../unknown/useNaming";
import { createAll } from "./operations";

const { Button, Spinner } = Bootstrap;

const PAGE = 24;

interface Props {
  galleryId: string;
  /** Asked again when it changes. */
  generation: number;
  /** New performers go on the images too. */
  tagImages: boolean;
  onChanged: () => void;
}

/** Groups of faces nobody was found for, largest first; to be named or set aside. Nothing where there is none. */
export function UnknownPeople({ galleryId, generation, tagImages, onChanged }: Props) {
  const text = useText();
  const [limit, setLimit] = React.useState(PAGE);
  const ask = React.useCallback(
    (signal: AbortSignal) => groups({ galleryId, minFaces: 1, limit }, signal),
    [galleryId, generation, limit],
  );
  const { state: asked, again } = useAnswer(ask);
  const answer = valueOf(asked);
  const naming = useNaming(onChanged);
  const list = useKeptFocus<HTMLDivElement>();
  const work = useWork(`people of gallery ${galleryId}`, ({ how, runId, created = 0 }) => {
    if (how === "finished" && runId !== undefined) {
      naming.note({ runId: created > 0 ? runId : null, words: text("compreface.done.create.all", { count: created }) });
    }
  });
  const makeAll = () =>
    naming.write(async () => {
      work.start({ description: text("compreface.gallery.create.task", { id: galleryId }) }, createAll(galleryId, tagImages));
      return null;
    });
  if (answer === undefined && asked.kind === "working") {
    return (
      <p className="compreface-unknown text-muted" role="status">
        <Spinner animation="border" size="sm" /> {text("compreface.gallery.grouping")}
      </p>
    );
  }
  const { clusters: people, total, minFacesPerPerson: least } = answer ?? { clusters: [], total: 0, minFacesPerPerson: 0 };
  const enough = people.some((each) => each.faces >= least);
  const quiet = naming.done === null && asked.kind !== "failed" && !work.active && work.ending === null;
  if (people.length === 0 && quiet) return null;
  return (
    <div ref={list} className="compreface-unknown" tabIndex={-1}>
      {answer && (
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
      )}
      {work.active && <Progress work={work} words={text("compreface.gallery.creating")} />}
      <Ended work={work} title={text("compreface.failed.write")} />
      {asked.kind === "failed" && (
        <Failed title={text("compreface.gallery.unknown.failed")} message={asked.message} onRetry={again} />
      )}
      <Written writing={naming} />
      <ul className="compreface-people">
        {people.map((each) => (
          <UnknownCard key={each.id} person={each} naming={naming} />
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

function UnknownCard({ person, naming }: { person: Group; naming: Naming }) {
  const text = useText();
  const best = alike(person)[0];
  return (
    <li className="compreface-person card">
      <div className="compreface-person-main">
        <div className="compreface-crop">
          {person.crop ? <img src={person.crop} alt="" /> : <Icon name="faUser" className="compreface-crop-empty" />}
        </div>
        <div className="compreface-card-body">
          <h6 className="compreface-name">{text("compreface.gallery.unknown.one", { count: person.items.length })}</h6>
          {best && (
            <small className="text-muted">
              {text("compreface.gallery.nearest", { name: best.name, value: text.similarity(best.similarity) })}
            </small>
          )}
        </div>
      </div>
      <NameGroup which={{ cluster: person.id }} naming={naming} />
    </li>
  );
}
