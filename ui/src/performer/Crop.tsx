import type { ReactNode } from "react";
import { Icon, React, Router } from "../host";
import type { Item } from "./operations";

/** A face, or a stand-in where no picture of it is kept. */
export function Crop({ picture, words }: { picture: string | null | undefined; words: string }) {
  return (
    <span className="compreface-crop">
      {picture ? <img src={picture} alt={words} loading="lazy" /> : <Icon name="faUser" className="compreface-crop-empty" />}
    </span>
  );
}

const PATHS: Record<Item["kind"], string> = { image: "images", scene: "scenes" };

/** Leads to the image or scene a face was seen on; plain where there is none. */
export function ItemLink({ item, children }: { item: Item | null; children: ReactNode }) {
  if (item === null) return <>{children}</>;
  return <Router.Link to={`/${PATHS[item.kind]}/${item.id}`}>{children}</Router.Link>;
}
