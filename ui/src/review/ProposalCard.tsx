import type { ReactNode } from "react";
import { PickPerformer } from "../faces/forms";
import { qualityIds, reasonId, similarityWords } from "../faces/wording";
import { Bootstrap, Icon, React } from "../host";
import { Meter } from "../parts/Meter";
import { PerformerLink } from "../parts/links";
import { useText } from "../text";
import { keyOf, type ItemOfStash, type Proposal, type ProposalCandidate } from "./api";
import { ItemLink } from "./ItemLink";

const { Badge, Button } = Bootstrap;

export const MOST_CHOICES = 5; // candidates with a digit of their own
const OTHERS_SHOWN = 5;

interface Props {
  proposal: Proposal;
  pictures: ReadonlyMap<string, string>;
  items: ReadonlyMap<string, ItemOfStash>;
  picking: boolean;
  canUndo: boolean;
  onAccept: (candidate: ProposalCandidate) => void;
  onReject: () => void;
  onNotAFace: () => void;
  onIgnore: () => void;
  onPicking: (open: boolean) => void;
  onPick: (who: { id: string; name: string }) => void;
  onSkip: () => void;
  onUndo: () => void;
}

/** Candidates that may be chosen: those that Stash still has. */
export function choices(proposal: Proposal): ProposalCandidate[] {
  return proposal.candidates.filter((each) => each.inLibrary).slice(0, MOST_CHOICES);
}

/** A face beside the performer it may be, everything that speaks for and against it, and what can be said. */
export function ProposalCard(props: Props) {
  const { proposal, pictures } = props;
  const best = choices(proposal)[0];
  return (
    <div className="compreface-proposal card" data-face={proposal.faceId}>
      <div className="compreface-pair">
        <Crop picture={proposal.crop ?? undefined} />
        {best && <Crop picture={pictures.get(best.performerId)} />}
      </div>
      <div className="compreface-proposal-body">
        {best === undefined ? <Nobody /> : <Who {...props} best={best} />}
        <Choices {...props} />
        <Actions {...props} best={best} />
        {props.picking && <PickPerformer onCancel={() => props.onPicking(false)} onPick={props.onPick} />}
        <Where {...props} />
      </div>
    </div>
  );
}

function Crop({ picture }: { picture: string | undefined }) {
  return (
    <div className="compreface-crop compreface-crop-large">
      {picture === undefined ? <Icon name="faUser" className="compreface-crop-empty" /> : <img src={picture} alt="" />}
    </div>
  );
}

function Nobody() {
  const text = useText();
  return <h3 className="compreface-name">{text("compreface.not.in.library")}</h3>;
}

function Who({ proposal, best }: Props & { best: ProposalCandidate }) {
  const text = useText();
  const second = proposal.candidates[1];
  const reason = reasonId(proposal);
  const said = [...(reason ? [reason] : []), ...qualityIds(proposal)].map((id) => text(id));
  return (
    <>
      <h3 className="compreface-name">
        <PerformerLink id={best.performerId} name={best.name} />{" "}
        {best.onItem && (
          <small>
            <Icon name="faCircleCheck" /> {text("compreface.on.image")}
          </small>
        )}
      </h3>
      <div className="compreface-verdict">
        <Badge variant="warning">{text(similarityWords(best.similarity, proposal.required))}</Badge>
        <Meter similarity={best.similarity} required={proposal.required ?? 1} />
      </div>
      <ul className="compreface-facts text-muted">
        {second && (
          <li>{text("compreface.review.margin", { value: text.similarity(best.similarity - second.similarity) })}</li>
        )}
        <li>{text("compreface.review.wrong", { value: text.number(best.expectedWrongPer1000, 2) })}</li>
        {said.length > 0 && <li>{said.join(" · ")}</li>}
      </ul>
    </>
  );
}

/** The other candidates, each with a digit. */
function Choices({ proposal, pictures, onAccept }: Props) {
  const text = useText();
  const others = choices(proposal).slice(1);
  if (others.length === 0) return null;
  return (
    <div className="compreface-alternatives" role="group" aria-label={text("compreface.alternatives")}>
      {others.map((each, index) => (
        <button
          key={each.performerId}
          type="button"
          className="compreface-candidate"
          title={`${index + 2}: ${each.name}`}
          onClick={() => onAccept(each)}
        >
          {pictures.has(each.performerId) ? <img src={pictures.get(each.performerId)} alt="" /> : <Icon name="faUser" />}
          <bdi className="compreface-candidate-name">{each.name}</bdi>
          <span className="compreface-candidate-value">
            <kbd aria-hidden="true">{index + 2}</kbd> {text.similarity(each.similarity)}
          </span>
        </button>
      ))}
    </div>
  );
}

function Actions(props: Props & { best: ProposalCandidate | undefined }) {
  const text = useText();
  const { best } = props;
  return (
    <div className="compreface-actions compreface-decide">
      {best && (
        <>
          <Key hint="y" icon="faCheck" variant="success" onClick={() => props.onAccept(best)}>
            {text("compreface.accept")}
          </Key>
          <Key hint="n" icon="faXmark" variant="danger" onClick={props.onReject}>
            {text("compreface.reject")}
          </Key>
        </>
      )}
      <Key hint="s" icon="faMagnifyingGlass" expanded={props.picking} onClick={() => props.onPicking(!props.picking)}>
        {text("compreface.other")}
      </Key>
      <Key hint="i" icon="faUserSlash" onClick={props.onIgnore}>
        {text("compreface.ignore")}
      </Key>
      <Key hint="x" icon="faBan" onClick={props.onNotAFace}>
        {text("compreface.notAFace")}
      </Key>
      <Key hint="↓" icon="faForward" onClick={props.onSkip}>
        {text("compreface.review.later")}
      </Key>
      <Key hint="u" icon="faRotateLeft" disabled={!props.canUndo} onClick={props.onUndo}>
        {text("compreface.undo")}
      </Key>
    </div>
  );
}

interface KeyProps {
  hint: string;
  icon: string;
  children: ReactNode;
  onClick: () => void;
  variant?: string;
  disabled?: boolean;
  expanded?: boolean;
}

function Key({ hint, icon, children, onClick, variant = "secondary", disabled, expanded }: KeyProps) {
  return (
    <Button
      size="sm"
      variant={variant}
      disabled={disabled}
      aria-expanded={expanded}
      aria-keyshortcuts={hint === "↓" ? "ArrowDown" : hint}
      onClick={onClick}
    >
      <Icon name={icon} />
      <span>{children}</span>
      <kbd aria-hidden="true">{hint}</kbd>
    </Button>
  );
}

/** The item the face is on, and others with the same performer. */
function Where({ proposal, items }: Props) {
  const text = useText();
  const item = items.get(keyOf(proposal.item));
  const others = proposal.otherItems.slice(0, OTHERS_SHOWN);
  return (
    <div className="compreface-whereabouts">
      <ItemLink item={proposal.item} known={item} />
      {others.length > 0 && (
        <div className="compreface-others">
          <span className="text-muted">{text("compreface.review.also")}</span>
          {others.map((each) => (
            <ItemLink key={each.faceId} item={each} known={items.get(keyOf(each))} small />
          ))}
        </div>
      )}
    </div>
  );
}
