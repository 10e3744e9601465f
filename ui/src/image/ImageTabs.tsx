import "./styles.css";

import type { ReactNode } from "react";
import { FacesPanel, type ImageOfHost } from "./FacesPanel";
import { Bootstrap, Icon, React, ReactDOM } from "../host";
import { Opened } from "../parts/Opened";
import { shortcutName, useShortcut } from "../shortcuts";
import { Part } from "../surface";
import { useText } from "../text";

const { Button, Nav, Tab } = Bootstrap;

const SHORTCUT = "f";
const HOST_DETAILS = "[data-rb-event-key='image-details-panel']";
const HOST_TOOLBAR = ".image-toolbar .image-toolbar-group:last-child";
const ID = "compreface-tabs";

/** The host's details and our faces, as tabs inside the details. The host's own tabs cannot be added to. */
export function ImageTabs({ image, details }: { image: ImageOfHost; details: ReactNode }) {
  const text = useText();
  const [tab, setTab] = React.useState("info");
  const [called, setCalled] = React.useState(0);
  const show = () => {
    document.querySelector<HTMLElement>(HOST_DETAILS)?.click();
    setTab("faces");
    setCalled((times) => times + 1);
  };
  React.useEffect(() => {
    if (called > 0) document.getElementById(`${ID}-tab-faces`)?.focus(); // from there, Tab leads into the panel
  }, [called]);
  useShortcut(SHORTCUT, show);
  return (
    <Tab.Container id={ID} activeKey={tab} onSelect={(key) => setTab(key ?? "info")} transition={false}>
      <Nav variant="pills" className="compreface compreface-tabs" aria-label={text("compreface.tabs")}>
        <Nav.Item>
          <Nav.Link eventKey="info" as="button" type="button">
            {text("compreface.tab.info")}
          </Nav.Link>
        </Nav.Item>
        <Nav.Item>
          <Nav.Link eventKey="faces" as="button" type="button" title={shortcutName(SHORTCUT)}>
            {text("compreface.tab.faces")}
          </Nav.Link>
        </Nav.Item>
      </Nav>
      <ToolbarButton onClick={show} />
      <Tab.Content>
        <Tab.Pane eventKey="info">{details}</Tab.Pane>
        <Tab.Pane eventKey="faces">
          <Opened shown={tab === "faces"}>
            <Part>
              <FacesPanel image={image} visible={tab === "faces"} />
            </Part>
          </Opened>
        </Tab.Pane>
      </Tab.Content>
    </Tab.Container>
  );
}

/** Among the buttons above the tabs, where every version of Stash has a place but none a patch for it. */
function ToolbarButton({ onClick }: { onClick: () => void }) {
  const text = useText();
  const [toolbar, setToolbar] = React.useState<Element | null>(null);
  React.useEffect(() => setToolbar(document.querySelector(HOST_TOOLBAR)), []);
  if (toolbar === null) return null;
  const words = text("compreface.faces.show");
  return ReactDOM.createPortal(
    <Button variant="secondary" className="minimal" title={`${words} (${shortcutName(SHORTCUT)})`} aria-label={words} onClick={onClick}>
      <Icon name="faUserTag" />
    </Button>,
    toolbar,
  );
}
