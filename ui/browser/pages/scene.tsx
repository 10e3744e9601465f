import * as Apollo from "@apollo/client";
import * as React from "react";
import * as Bootstrap from "react-bootstrap";
import { useParams } from "react-router-dom";
import { component } from "../patches";
import type { Named } from "./data";
import { Performers } from "./shared";

const FIND_SCENE = Apollo.gql`
  query FindScene($id: ID!) {
    findScene(id: $id) {
      id
      title
      files {
        id
        path
        duration
        width
        height
      }
      paths {
        stream
      }
      performers {
        id
        name
      }
    }
  }
`;

interface Scene {
  id: string;
  title: string;
  files: { duration: number; width: number; height: number }[];
  paths: { stream: string };
  performers: Named[];
}

interface PageProps {
  scene: Scene;
  setTimestamp: (seconds: number) => void;
  children?: React.ReactNode;
}

const Tabs = component<PageProps>("ScenePage.Tabs", ({ children }) => <>{children}</>);
const TabContent = component<PageProps>("ScenePage.TabContent", ({ children }) => <>{children}</>);

/** The player listens for keys itself, below React, whatever in it has the focus. */
function begin(player: HTMLElement | null): void {
  const video = player?.querySelector("video");
  if (!player || !video) return;
  player.focus();
  player.addEventListener("keydown", ({ key }) => {
    if (key === "f") player.classList.add("vjs-fullscreen");
    if (key === "ArrowRight") video.currentTime = Math.min(video.duration, video.currentTime + 10);
    if (key === "Enter" || key === " ") player.dataset.played = "yes";
  });
}

const ScenePlayer = component<{ scene: Scene }>("ScenePlayer", ({ scene }) => (
  <div className="VideoPlayer">
    <div className="video-wrapper">
      <div className="video-js" id="VideoJsPlayer" tabIndex={-1} ref={begin}>
        <video className="vjs-tech" src={new URL(scene.paths.stream, location.href).pathname} muted preload="auto" />
      </div>
    </div>
  </div>
));

const Page = component<PageProps>("ScenePage", (props) => {
  const { scene } = props;
  const [tab, setTab] = React.useState<string | null>("scene-details-panel");
  return (
    <div className="scene-tabs">
      <Bootstrap.Tab.Container activeKey={tab ?? ""} onSelect={setTab}>
        <Bootstrap.Nav variant="tabs">
          <Tabs {...props}>
            <Bootstrap.Nav.Item>
              <Bootstrap.Nav.Link eventKey="scene-details-panel">Details</Bootstrap.Nav.Link>
            </Bootstrap.Nav.Item>
          </Tabs>
        </Bootstrap.Nav>
        <Bootstrap.Tab.Content>
          <TabContent {...props}>
            <Bootstrap.Tab.Pane eventKey="scene-details-panel">
              <Performers performers={scene.performers} />
            </Bootstrap.Tab.Pane>
          </TabContent>
        </Bootstrap.Tab.Content>
      </Bootstrap.Tab.Container>
    </div>
  );
});

/** Where the video stands; the picture need not play for that. */
export function ScenePage() {
  const { id } = useParams<{ id: string }>();
  const { data } = Apollo.useQuery<{ findScene: Scene }>(FIND_SCENE, { variables: { id } });
  const [at, setAt] = React.useState(0);
  if (data === undefined) return <p>Loading</p>;
  const setTimestamp = (seconds: number) => {
    setAt(seconds);
    const video = document.querySelector("video");
    if (video !== null) video.currentTime = seconds;
  };
  return (
    <main className="row">
      <Page scene={data.findScene} setTimestamp={setTimestamp} />
      <div className="scene-player-container" data-at={at}>
        <ScenePlayer scene={data.findScene} />
      </div>
    </main>
  );
}
