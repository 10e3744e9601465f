import type { ReactNode } from "react";
import { Bootstrap, Icon, React } from "../host";
import type { Candidate, Face } from "../operations";
import { cardKeys, keepFocus } from "../parts/cardKeys";
import { PerformerLink } from "../parts/links";
import { Meter } from "../parts/Meter";
import { useText } from "../text";
import { CreatePerformer, PickPerformer } from "./forms";
import type { Actions as FaceActions } from "./useFaces";
import { isConfirmed, isDecided, isRejected, named, qualityIds, reasonId, similarityWords, verdictWords } from "./wording";

const { Badge, Button, Spinner } = Bootstrap;

const MOST_CANDIDATES = 5;
const WORTH_SHOWING = 0.2; // similarity: what is below it only looks like a choice
const BADGES = { accept: "success", review: "warning", unknown: "secondary", ignored: "secondary" } as const;

interface Props {
  face: Face;
  number: number;
  actions: FaceActions;
  busy: boolean;
  /** Why the last decision was not carried out. */
  refused: string | undefined;
  pictures: ReadonlyMap<string, string>;
  /** Whom the face is taken for is on the item already. */
  onImage: boolean;
  suggestedName: string;
  active: boolean;
  onActive: (faceId: number | null) => void;
  inCard?: (face: Face) => ReactNode;
}

type Form = "pick" | "create" | null;

export const FaceCard = React.memo(function FaceCard(props: Props) {
  const { face, number, actions, active, busy, refused } = props;
  const text = useText();
  const [form, setForm] = React.useState<Form>(null);
  const card = React.useRef<HTMLLIElement>(null);
  const who = named(face);
  const best = who ?? face.candidates[0];
  const close = () => {
    setForm(null);
    card.current?.focus();
  };

  const onKeyDown = cardKeys(
    {
      y: best && !isConfirmed(face) ? () => actions.accept(face, { id: best.performerId, name: best.name }) : undefined,
      n: best && !isConfirmed(face) ? () => actions.say(face, "reject", best) : undefined,
      s: () => setForm("pick"),
      u: isDecided(face) ? () => actions.undo([face]) : undefined,
    },
    busy,
  );

  return (
    <li
      ref={card}
      id={`compreface-face-${face.id}`}
      className={`compreface-card card${active ? " compreface-active" : ""}`}
      tabIndex={0}
      aria-label={
        who
          ? text("compreface.face.named", { number, name: who.name, words: text(verdictWords(face)) })
          : text("compreface.face.unknown", { number })
      }
      aria-busy={busy}
      onKeyDown={onKeyDown}
      onMouseEnter={() => props.onActive(face.id)}
      onMouseLeave={() => props.onActive(null)}
      onFocus={() => props.onActive(face.id)}
    >
      <div className="compreface-card-main">
        <Crop face={face} number={number} />
        <div className="compreface-card-body">
          <Heading {...props} />
          <Explanation face={face} />
          {refused !== undefined && (
            <p className="compreface-refused" role="alert">
              {text("compreface.failed.write")}: {refused}
            </p>
          )}
        </div>
        {busy && <Spinner animation="border" size="sm" className="compreface-spinner" />}
      </div>
      {props.inCard?.(face)}
      {(!isDecided(face) || isRejected(face)) && <Alternatives {...props} best={who} />}
      <Actions {...props} best={best} form={form} setForm={setForm} />
      {form === "pick" && (
        <PickPerformer
          onCancel={close}
          onPick={(performer) => {
            close();
            actions.accept(face, performer);
          }}
        />
      )}
      {form === "create" && (
        <CreatePerformer
          suggestion={props.suggestedName}
          onCancel={close}
          onUse={(performer) => {
            close();
            actions.accept(face, performer);
          }}
          onCreate={(name, person) => {
            close();
            actions.create(face, name, person);
          }}
        />
      )}
    </li>
  );
});

function Crop({ face, number }: { face: Face; number: number }) {
  return (
    <div className="compreface-crop">
      {face.crop ? <img src={face.crop} alt="" /> : <Icon name="faUser" className="compreface-crop-empty" />}
      <span className="compreface-number" aria-hidden="true">
        {number}
      </span>
    </div>
  );
}

function Heading({ face, pictures, onImage }: Props) {
  const text = useText();
  const who = named(face);
  const picture = who && pictures.get(who.performerId);
  if (who === undefined) {
    const aside = face.reasonCode === "said.notAFace" ? "compreface.notAFace" : "compreface.ignored";
    return <h6 className="compreface-name">{text(face.verdict === "ignored" ? aside : "compreface.unknown")}</h6>;
  }
  return (
    <div className="compreface-heading">
      {picture && <img className="compreface-portrait" src={picture} alt="" />}
      <h6 className="compreface-name">
        {who.inLibrary ? (
          <PerformerLink id={who.performerId} name={who.name} />
        ) : (
          <span className="text-muted">{text("compreface.not.in.library")}</span>
        )}
        {onImage && (
          <span className="compreface-on-image text-success" title={text("compreface.on.image")}>
            <Icon name="faCircleCheck" /> <span className="sr-only">{text("compreface.on.image")}</span>
          </span>
        )}
      </h6>
    </div>
  );
}

function Explanation({ face }: { face: Face }) {
  const text = useText();
  const who = named(face);
  const reason = reasonId(face);
  const said = [...(reason ? [reason] : []), ...qualityIds(face)].map((id) => text(id));
  return (
    <>
      {who && (
        <div className="compreface-verdict">
          <Badge variant={BADGES[face.verdict ?? "unknown"]}>{text(verdictWords(face))}</Badge>
          {!isConfirmed(face) && (
            <Meter similarity={who.similarity} required={face.required ?? 1} />
          )}
        </div>
      )}
      {said.length > 0 && !isDecided(face) && <p className="compreface-reason text-muted">{said.join(" · ")}</p>}
    </>
  );
}

/** The other candidates, to be chosen with one press. */
function Alternatives({ face, actions, busy, pictures, best }: Props & { best: Candidate | undefined }) {
  const text = useText();
  const others = face.candidates
    .filter((each) => each !== best && each.inLibrary && each.similarity >= WORTH_SHOWING)
    .slice(0, MOST_CANDIDATES);
  if (others.length === 0) return null;
  return (
    <div className="compreface-alternatives" role="group" aria-label={text("compreface.alternatives")}>
      {others.map((each) => (
        <button
          key={each.performerId}
          type="button"
          className="compreface-candidate"
          title={`${each.name}: ${text(similarityWords(each.similarity, face.required))}`}
          disabled={busy}
          onClick={(event) => {
            keepFocus(event);
            actions.accept(face, { id: each.performerId, name: each.name });
          }}
        >
          {pictures.has(each.performerId) ? (
            <img src={pictures.get(each.performerId)} alt="" loading="lazy" />
          ) : (
            <Icon name="faUser" />
          )}
          <bdi className="compreface-candidate-name">{each.name}</bdi>{" "}
          <span className="compreface-candidate-value">{text.similarity(each.similarity)}</span>
        </button>
      ))}
    </div>
  );
}

interface ActionProps extends Props {
  best: Candidate | undefined;
  form: Form;
  setForm: (form: Form) => void;
}

function Actions({ face, number, actions, best, busy, form, setForm }: ActionProps) {
  const text = useText();
  const toggle = (wanted: Form) => setForm(form === wanted ? null : wanted);
  const who = named(face);
  const about = who
    ? text("compreface.of.named", { number, name: who.name })
    : text("compreface.of.face", { number });
  const common = { about, disabled: busy };
  if (isDecided(face)) {
    return (
      <div className="compreface-actions">
        {isRejected(face) && <SomebodyElse {...common} form={form} toggle={toggle} />}
        <Action {...common} icon="faRotateLeft" onClick={() => actions.undo([face])}>
          {text("compreface.undo")}
        </Action>
      </div>
    );
  }
  return (
    <div className="compreface-actions">
      {who && best && (
        <>
          <Action
            {...common}
            icon="faCheck"
            variant="success"
            onClick={() => actions.accept(face, { id: best.performerId, name: best.name })}
          >
            {text("compreface.accept")}
          </Action>
          <Action {...common} icon="faXmark" onClick={() => actions.say(face, "reject", best)}>
            {text("compreface.reject")}
          </Action>
        </>
      )}
      <SomebodyElse {...common} form={form} toggle={toggle} named={who !== undefined} />
      <Action {...common} icon="faUserSlash" onClick={() => actions.say(face, "ignore")} slim>
        {text("compreface.ignore")}
      </Action>
      <Action {...common} icon="faBan" onClick={() => actions.say(face, "notAFace")} slim>
        {text("compreface.notAFace")}
      </Action>
    </div>
  );
}

interface SomebodyElseProps extends Pick<ActionButton, "about" | "disabled"> {
  form: Form;
  toggle: (wanted: Form) => void;
  /** Somebody stands on the card already. */
  named?: boolean;
}

function SomebodyElse({ form, toggle, named = false, ...common }: SomebodyElseProps) {
  const text = useText();
  return (
    <>
      <Action {...common} icon="faMagnifyingGlass" expanded={form === "pick"} onClick={() => toggle("pick")}>
        {text(named ? "compreface.other" : "compreface.pick.label")}
      </Action>
      <Action {...common} icon="faUserPlus" expanded={form === "create"} onClick={() => toggle("create")} slim={named}>
        {text("compreface.create")}
      </Action>
    </>
  );
}

interface ActionButton {
  icon: string;
  children: string;
  onClick: () => void;
  /** Which face, for those who do not see where the button is. */
  about: string;
  variant?: string;
  disabled?: boolean | undefined;
  expanded?: boolean;
  /** The words are for the title and for screen readers only. */
  slim?: boolean;
}

function Action({ icon, children, onClick, about, variant = "secondary", disabled, expanded, slim }: ActionButton) {
  return (
    <Button
      size="sm"
      variant={variant}
      className={slim ? "compreface-slim" : undefined}
      title={slim ? children : undefined}
      aria-label={`${children}: ${about}`}
      aria-expanded={expanded}
      disabled={disabled}
      onClick={(event) => {
        if (expanded === undefined) keepFocus(event);
        onClick();
      }}
    >
      <Icon name={icon} />
      {!slim && <span>{children}</span>}
    </Button>
  );
}
