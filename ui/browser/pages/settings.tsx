import * as Apollo from "@apollo/client";
import * as React from "react";
import { component } from "../patches";

const CONFIGURATION = Apollo.gql`
  query Configuration {
    configuration {
      plugins
    }
  }
`;

const SAVE = Apollo.gql`
  mutation ConfigurePlugin($plugin_id: ID!, $input: Map!) {
    configurePlugin(plugin_id: $plugin_id, input: $input)
  }
`;

type Settings = Record<string, unknown>;

interface Form {
  plugins: Record<string, Settings>;
  savePluginSettings(plugin: string, settings: Settings): void;
}

const FormContext = React.createContext<Form | null>(null);

export function useSettings(): Form {
  const form = React.useContext(FormContext);
  if (form === null) throw new Error("useSettings must be used within a SettingsContext");
  return form;
}

/** Reads the settings once; whatever is changed, all settings of the plugin are written. */
function SettingsContext({ children }: { children: React.ReactNode }) {
  const { data } = Apollo.useQuery<{ configuration: { plugins: Record<string, Settings> } }>(CONFIGURATION);
  const [save] = Apollo.useMutation(SAVE);
  const [plugins, setPlugins] = React.useState<Record<string, Settings> | null>(null);
  React.useEffect(() => {
    if (data !== undefined) setPlugins((old) => old ?? data.configuration.plugins);
  }, [data]);
  if (plugins === null) return <p>Loading</p>;
  const savePluginSettings = (plugin: string, settings: Settings) => {
    setPlugins({ ...plugins, [plugin]: settings });
    void save({ variables: { plugin_id: plugin, input: settings } });
  };
  return <FormContext.Provider value={{ plugins, savePluginSettings }}>{children}</FormContext.Provider>;
}

const PluginSettings = component<{ pluginID: string }>("PluginSettings", ({ pluginID }) => {
  const { plugins, savePluginSettings } = useSettings();
  const settings = plugins[pluginID] ?? {};
  return (
    <p>
      Settings of {pluginID}
      <button type="button" onClick={() => savePluginSettings(pluginID, { ...settings, writeAliases: true })}>
        Write aliases
      </button>
    </p>
  );
});

export function SettingsPage() {
  return (
    <SettingsContext>
      <main>
        <PluginSettings pluginID="other" />
        <PluginSettings pluginID="compreface" />
      </main>
    </SettingsContext>
  );
}
