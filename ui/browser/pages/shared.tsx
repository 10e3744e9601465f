// Components of the host that several pages have.

import * as Solid from "@fortawesome/free-solid-svg-icons";
import { FontAwesomeIcon } from "@fortawesome/react-fontawesome";
import * as React from "react";
import { component, components } from "../patches";
import { usePerformers, type Named } from "./data";

components.Icon = ({ icon, className }: { icon: Solid.IconDefinition; className?: string }) => (
  <FontAwesomeIcon icon={icon} className={`fa-icon ${className ?? ""}`} />
);

/** The stars of the toolbar; plugins put buttons beside them. */
export const RatingSystem = component<{ value?: number; clickToRate?: boolean }>("RatingSystem", () => (
  <span className="rating-stars">☆☆☆☆☆</span>
));

export function Performers({ performers }: { performers: Named[] }) {
  return (
    <ul className="performers">
      {performers.map((each) => (
        <li key={each.id} className="performer-card">
          {each.name}
        </li>
      ))}
    </ul>
  );
}

/** A plain stand-in with the host's props; what it finds comes from the library. */
export function PerformerSelect({ onSelect, values }: { onSelect: (items: Named[]) => void; values: Named[] }) {
  const [typed, setTyped] = React.useState("");
  const found = usePerformers(typed);
  return (
    <div className="performer-select">
      <input aria-label="Performer" autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />
      {values.map((each) => (
        <b key={each.id}>{each.name}</b>
      ))}
      {found.map((each) => (
        <button key={each.id} type="button" onClick={() => onSelect([each])}>
          {each.name}
        </button>
      ))}
    </div>
  );
}
