import type { ReactNode } from "react";
import { React, Router } from "../host";

/** To the page of a performer, without loading Stash anew. */
export function PerformerLink({ id, name }: { id: string; name: string }) {
  return (
    <Router.Link to={`/performers/${encodeURIComponent(id)}`}>
      <bdi>{name}</bdi>
    </Router.Link>
  );
}

export function ImageLink({ id, label, children }: { id: string; label: string; children: ReactNode }) {
  return (
    <Router.Link to={`/images/${encodeURIComponent(id)}`} aria-label={label} title={label}>
      {children}
    </Router.Link>
  );
}
