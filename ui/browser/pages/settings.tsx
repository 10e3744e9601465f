import * as React from "react";
import { component } from "../patches";

const PluginSettings = component<{ pluginID: string }>("PluginSettings", ({ pluginID }) => (
  <p>Settings of {pluginID}</p>
));

export function SettingsPage() {
  return (
    <main>
      <PluginSettings pluginID="other" />
      <PluginSettings pluginID="compreface" />
    </main>
  );
}
