import type { ReactNode } from "react";
import { Bootstrap, patchBefore, React } from "../host";
import { shortcutName, useShortcut } from "../shortcuts";
import { Part, Surface } from "../surface";
import { useText } from "../text";
import { ScenePanel, type SceneOfHost } from "./ScenePanel";

const { Nav, Tab } = Bootstrap;

const KEY = "compreface-faces-panel";
const SHORTCUT = "f";

interface PageProps {
  scene?: SceneOfHost;
  setTimestamp?: (seconds: number) => void;
  children?: ReactNode;
}

patchBefore<PageProps>("ScenePage.Tabs", (props) => ({
  ...props,
  children: (
    <>
      {props.children}
      <Surface>
        <FacesTab />
      </Surface>
    </>
  ),
}));

patchBefore<PageProps>("ScenePage.TabContent", (props) =>
  props.scene?.id === undefined
    ? props
    : {
        ...props,
        children: (
          <>
            {props.children}
            <Surface>
              <FacesPane scene={props.scene} setTimestamp={props.setTimestamp ?? (() => undefined)} />
            </Surface>
          </>
        ),
      },
);

function FacesPane({ scene, setTimestamp }: Pick<Required<PageProps>, "scene" | "setTimestamp">) {
  const [visible, setVisible] = React.useState(true);
  return (
    <Tab.Pane eventKey={KEY} mountOnEnter onEnter={() => setVisible(true)} onExit={() => setVisible(false)}>
      <Part>
        <ScenePanel key={scene.id} scene={scene} setTimestamp={setTimestamp} visible={visible} />
      </Part>
    </Tab.Pane>
  );
}

function FacesTab() {
  const text = useText();
  const tab = React.useRef<HTMLDivElement>(null);
  useShortcut(SHORTCUT, () => {
    const link = tab.current?.querySelector<HTMLElement>("a");
    link?.click();
    link?.focus();
  });
  return (
    <Nav.Item ref={tab}>
      <Nav.Link eventKey={KEY} title={shortcutName(SHORTCUT)}>
        {text("compreface.tab.faces")}
      </Nav.Link>
    </Nav.Item>
  );
}
