import { patchAfter, PLUGIN_ID, React } from "../host";
import { Surface } from "../surface";
import { HealthPanel } from "./HealthPanel";

patchAfter<{ pluginID?: string }>("PluginSettings", ({ pluginID }, settings) =>
  pluginID !== PLUGIN_ID ? (
    settings
  ) : (
    <>
      {settings}
      <Surface>
        <HealthPanel />
      </Surface>
    </>
  ),
);
