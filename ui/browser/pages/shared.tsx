// Components of the host that several pages have.

import * as Solid from "@fortawesome/free-solid-svg-icons";
import { FontAwesomeIcon } from "@fortawesome/react-fontawesome";
import * as React from "react";
import { component, components } from "../patches";
import { useGalleries, usePerformers, type Named } from "./data";

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

interface SelectProps {
  onSelect: (items: Named[]) => void;
  values: Named[];
}

/** Plain stand-ins with the host's props; what they find comes from the library. */
export function PerformerSelect(props: SelectProps) {
  return <Select {...props} label="Performer" find={usePerformers} />;
}

export function GallerySelect(props: SelectProps) {
  return <Select {...props} label="Gallery" find={useGalleries} />;
}

function Select({ onSelect, values, label, find }: SelectProps & { label: string; find: (typed: string) => Named[] }) {
  const [typed, setTyped] = React.useState("");
  const found = find(typed);
  return (
    <div className={`${label.toLowerCase()}-select`}>
      <input aria-label={label} autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />
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
