import { React } from "../host";
import { usePictures } from "../parts/hooks";
import { PersonCard } from "./PersonCard";
import type { People } from "./usePeople";

/** A card for each person found in a gallery. */
export function PeopleList({ people, tagImages, label }: { people: People; tagImages: boolean; label?: string }) {
  const portraits = usePictures(people.people.map((each) => each.performerId));
  return (
    <ul className="compreface-people" aria-label={label}>
      {people.people.map((each) => (
        <PersonCard
          key={each.performerId}
          person={each}
          picture={portraits.get(each.performerId)}
          busy={people.busy.has(each.performerId)}
          refused={people.refused.get(each.performerId)}
          undoable={people.undoable.has(each.performerId)}
          onAccept={() => people.decide("accept", [each], tagImages)}
          onReject={() => people.decide("reject", [each], tagImages)}
          onUndo={() => people.undo([each.performerId])}
        />
      ))}
    </ul>
  );
}
