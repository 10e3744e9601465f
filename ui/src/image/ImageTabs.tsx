import "./styles.css";

import type { ReactNode } from "react";
import { FacesPanel, type ImageOfHost } from "../faces/FacesPanel";
import { Bootstrap, React, useShortcut } from "../host";
import { Part } from "../surface";
import { useText } from "../text";

const { Nav, Tab } = Bootstrap;

const SHORTCUT = "x f"; // free on every page of the host
const HOST_DETAILS = "[data-rb-event-key='image-details-panel']";

/** The host's details and our faces, as tabs inside the details. The host's own tabs cannot be added to. */
export function ImageTabs({ image, details }: { image: ImageOfHost; details: ReactNode }) {
  const text = useText();
  const [tab, setTab] = React.useState("info");
  useShortcut(SHORTCUT, () => {
    document.querySelector<HTMLElement>(HOST_DETAILS)?.click();
    setTab("faces");
  });
  return (
    <Tab.Container id="compreface-tabs" activeKey={tab} onSelect={(key) => setTab(key ?? "info")} transition={false}>
      <Nav variant="pills" className="compreface compreface-tabs" aria-label={text("compreface.tabs")}>
        <Nav.Item>
          <Nav.Link eventKey="info" as="button" type="button">
            {text("compreface.tab.info")}
          </Nav.Link>
        </Nav.Item>
        <Nav.Item>
          <Nav.Link eventKey="faces" as="button" type="button" title={SHORTCUT}>
            {text("compreface.tab.faces")}
          </Nav.Link>
        </Nav.Item>
      </Nav>
      <Tab.Content>
        <Tab.Pane eventKey="info">{details}</Tab.Pane>
        <Tab.Pane eventKey="faces" mountOnEnter>
          <Part>
            <FacesPanel image={image} visible={tab === "faces"} />
          </Part>
        </Tab.Pane>
      </Tab.Content>
    </Tab.Container>
  );
}
