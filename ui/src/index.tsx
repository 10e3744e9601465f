import "./styles.css";

// Registers everything with the host, at once: the host mounts its pages as soon as all scripts have run.

import { Boundary } from "./boundary";
import type { ImageOfHost } from "./faces/FacesPanel";
import { patchAfter, PLUGIN_ID, React } from "./host";
import { ImageTabs } from "./image/ImageTabs";
import { HealthPanel } from "./settings/HealthPanel";
import { Texts } from "./text";

patchAfter<{ image?: ImageOfHost }>("ImageDetailPanel", ({ image }, details) =>
  image?.id === undefined ? (
    details
  ) : (
    <Boundary fallback={() => details}>
      <Texts>
        <ImageTabs key={image.id} image={image} details={details} />
      </Texts>
    </Boundary>
  ),
);

patchAfter<{ pluginID?: string }>("PluginSettings", ({ pluginID }, settings) =>
  pluginID !== PLUGIN_ID ? (
    settings
  ) : (
    <>
      {settings}
      <Boundary fallback={() => null}>
        <Texts>
          <HealthPanel />
        </Texts>
      </Boundary>
    </>
  ),
);
