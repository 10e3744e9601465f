import "./styles.css";

import { patchAfter, React } from "../host";
import { Surface } from "../surface";
import { FacesSection } from "./FacesSection";

patchAfter<{ performer?: { id?: string } }>("PerformerDetailsPanel", ({ performer }, details) =>
  performer?.id === undefined ? (
    details
  ) : (
    <>
      {details}
      <Surface>
        <FacesSection key={performer.id} performerId={performer.id} />
      </Surface>
    </>
  ),
);
