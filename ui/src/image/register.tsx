import type { ImageOfHost } from "./FacesPanel";
import { patchAfter, React } from "../host";
import { Surface } from "../surface";
import { ImageTabs } from "./ImageTabs";

patchAfter<{ image?: ImageOfHost }>("ImageDetailPanel", ({ image }, details) =>
  image?.id === undefined ? (
    details
  ) : (
    <Surface fallback={details}>
      <ImageTabs key={image.id} image={image} details={details} />
    </Surface>
  ),
);
