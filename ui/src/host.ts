// The only file that touches Stash's PluginApi. Everything else imports from here.
//
// Facts it rests on (Stash 0.28 and later): components are registered late, so they are read inside render; another
// plugin's `before` may shorten the argument list of a patch, so results are taken as the last argument; operations
// are not in the generated client, so they are sent as an own document.

import type * as ApolloNamespace from "@apollo/client";
import type { ApolloClient, DocumentNode, NormalizedCacheObject } from "@apollo/client";
import type { ComponentType, ReactNode } from "react";
import type * as ReactNamespace from "react";
import type * as BootstrapNamespace from "react-bootstrap";
import type * as ReactDOMNamespace from "react-dom";
import type * as IntlNamespace from "react-intl";
import type * as RouterNamespace from "react-router-dom";

type Component = ComponentType<Record<string, unknown>>;
type Patch = (...args: unknown[]) => unknown;

interface PluginApi {
  React: typeof ReactNamespace;
  ReactDOM: typeof ReactDOMNamespace;
  GQL: Record<string, DocumentNode | undefined>;
  libraries: {
    Apollo: typeof ApolloNamespace;
    Bootstrap: typeof BootstrapNamespace;
    Intl: typeof IntlNamespace;
    FontAwesomeSolid: Record<string, unknown>;
    ReactRouterDOM: typeof RouterNamespace;
  };
  components: Record<string, Component | undefined>;
  loadableComponents: Record<string, (() => Promise<unknown>) | undefined>;
  utils: {
    StashService: { getClient(): ApolloClient<NormalizedCacheObject> };
    loadComponents?: (components: (() => Promise<unknown>)[]) => Promise<void>;
  };
  hooks: { useToast?: () => Toast; useSettings?: () => HostSettings };
  register: { route(path: string, page: ComponentType): void };
  patch: {
    before(name: string, patch: Patch): void;
    instead(name: string, patch: Patch): void;
    after(name: string, patch: Patch): void;
  };
}

type PluginSettings = Record<string, unknown>;

interface HostSettings {
  savePluginSettings(plugin: string, settings: PluginSettings): void;
}

export interface Toast {
  success(message: ReactNode): void;
  error(error: unknown): void;
}

declare global {
  interface Window {
    PluginApi: PluginApi;
  }
}

const api = window.PluginApi;

export const React = api.React;
export const ReactDOM = api.ReactDOM;
export const Bootstrap = api.libraries.Bootstrap;
export const Intl = api.libraries.Intl;
export const Router = api.libraries.ReactRouterDOM;

/** What Stash calls this plugin: the name of its manifest, which is also in the address of this script. */
export const PLUGIN_ID = pluginId();

function pluginId(): string {
  const script = document.currentScript;
  const address = script instanceof HTMLScriptElement ? script.src : "";
  return /\/plugin\/([^/]+)\/javascript/.exec(address)?.[1] ?? "compreface";
}

// Patches -----------------------------------------------------------------------------------------------------------
//
// Names that this version of Stash lacks are never called. Hooks must not be used in a patch: it runs inside the
// host's component. What throws in one leaves the host as it is.

/** Adds to what the host renders. */
export function patchAfter<Props>(name: string, render: (props: Props, result: ReactNode) => ReactNode): void {
  api.patch.after(name, (...args) => {
    const result = args[args.length - 1] as ReactNode;
    const props = args.length > 1 ? args[0] : undefined;
    return isObject(props) ? guarded(name, () => render(props as unknown as Props, result), () => result) : result;
  });
}

/** Changes what a component of the host is given. */
export function patchBefore<Props>(name: string, change: (props: Props) => Props): void {
  api.patch.before(name, (...args) => {
    const [props, ...rest] = args; // a list cut short would reach every patch after this one
    return isObject(props) ? [guarded<unknown>(name, () => change(props as unknown as Props), () => props), ...rest] : args;
  });
}

/** Takes the place of a component of the host; `original` renders what would be there. */
export function patchInstead<Props>(name: string, render: (props: Props, original: () => ReactNode) => ReactNode): void {
  api.patch.instead(name, (...args) => {
    const next = args[args.length - 1] as (...given: unknown[]) => ReactNode;
    const given = args.slice(0, -1);
    const original = () => next(...given);
    const props = given[0];
    return isObject(props) ? guarded(name, () => render(props as unknown as Props, original), original) : original();
  });
}

function guarded<Result>(name: string, attempt: () => Result, otherwise: () => Result): Result {
  try {
    return attempt();
  } catch (error) {
    console.error("compreface", name, error);
    return otherwise();
  }
}

/** A page of ours. The server owns /plugin/, so paths begin with /plugins/; without dots, which mean files. */
export function addRoute(path: `/plugins/${string}`, page: ComponentType): void {
  guarded("register.route", () => api.register.route(path, page), () => undefined);
}

/** Something at the end of the main menu. */
export function addToMenu(item: ReactNode): void {
  patchBefore<{ children?: ReactNode }>("MainNavBar.MenuItems", (props) => ({
    ...props,
    children: React.createElement(React.Fragment, null, props.children, item),
  }));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

// Components and hooks of the host ------------------------------------------------------------------------------------

/**
 * A component of the host, loaded when it is not there yet: undefined while that lasts, null when there is none. `from`:
 * what brings it, where it cannot be loaded by itself.
 */
export function useHostComponent(name: string, from = name): Component | null | undefined {
  const [settled, setSettled] = React.useState(false);
  const found = api.components[name];
  React.useEffect(() => {
    if (found !== undefined) return undefined;
    let wanted = true;
    const done = () => wanted && setSettled(true);
    const loadable = api.loadableComponents[from];
    if (loadable === undefined || api.utils.loadComponents === undefined) done();
    else api.utils.loadComponents([loadable]).then(done, done);
    return () => {
      wanted = false;
    };
  }, [name, from, found]);
  return api.components[name] ?? (settled ? null : undefined);
}

export function Icon({ name, className }: { name: string; className?: string }) {
  const Host = api.components.Icon;
  const icon = api.libraries.FontAwesomeSolid[name];
  if (Host === undefined || icon === undefined) return null;
  return React.createElement(Host, { icon, className });
}

const silent: Toast = { success: () => undefined, error: () => undefined };

/** The host's toasts; nothing where it has none. */
export const useToast: () => Toast = api.hooks.useToast ?? (() => silent);

/** The address of something that Stash serves, behind a proxy's prefix too. */
export function served(path: string): string {
  return new URL(path, document.querySelector("base")?.href ?? `${window.location.origin}/`).href;
}

/** An edit form of the page has changes that are not saved; bringing the page up to date would lose them. */
export function hasUnsavedEdits(): boolean {
  return document.querySelector(".edit-buttons .edit-button.btn-primary:not(:disabled)") !== null;
}

// Talking to Stash ----------------------------------------------------------------------------------------------------

const gql = api.libraries.Apollo.gql;

export function graphql(text: string): DocumentNode {
  return gql(text);
}

function client(): ApolloClient<NormalizedCacheObject> {
  return api.utils.StashService.getClient();
}

const OPERATION = gql`
  mutation ComprefaceOperation($plugin: ID!, $args: Map!) {
    runPluginOperation(plugin_id: $plugin, args: $args)
  }
`;

const TASK = gql`
  mutation ComprefaceTask($plugin: ID!, $task: String, $description: String, $args: Map) {
    runPluginTask(plugin_id: $plugin, task_name: $task, description: $description, args_map: $args)
  }
`;

/** Asks the plugin and waits for its answer. Aborting the signal ends its process. Rejects with the plugin's sentence. */
export async function callPlugin<Answer>(args: Record<string, unknown>, signal?: AbortSignal): Promise<Answer> {
  const { data } = await client().mutate<{ runPluginOperation: Answer | null }>({
    mutation: OPERATION,
    variables: { plugin: PLUGIN_ID, args },
    fetchPolicy: "no-cache",
    context: signal === undefined ? {} : { fetchOptions: { signal } },
  });
  if (data?.runPluginOperation == null) throw new Error("The plugin gave no answer.");
  return data.runPluginOperation;
}

/** Queues a task; its job's id. One of the manifest goes by its name, any other by what the queue shall show. */
export async function startTask(
  task: { name: string } | { description: string },
  args: Record<string, unknown> = {},
): Promise<string> {
  const named = "name" in task ? { task: task.name } : { description: task.description };
  const { data } = await client().mutate<{ runPluginTask: string }>({
    mutation: TASK,
    variables: { plugin: PLUGIN_ID, args, ...named },
  });
  if (!data?.runPluginTask) throw new Error("Stash did not queue the task.");
  return data.runPluginTask;
}

/** A question to Stash, answered from the page's cache where that knows, or past it (`fresh`): then the answer is not
 * kept there either, where it could displace what the host's own queries know of the same things. */
export async function ask<Answer>(
  query: DocumentNode,
  variables: Record<string, unknown>,
  fresh = false,
): Promise<Answer> {
  const fetchPolicy = fresh ? "no-cache" : "cache-first";
  const { data } = await client().query<Answer>({ query, variables, fetchPolicy });
  return data;
}

/** A change to Stash itself. */
export async function change<Answer>(mutation: DocumentNode, variables: Record<string, unknown>): Promise<Answer> {
  const { data } = await client().mutate<Answer>({ mutation, variables });
  if (data == null) throw new Error("Stash gave no answer.");
  return data;
}

/** Follows a subscription of the host's client until the function returned is called. Nothing where it has none. */
export function follow<Answer>(document: string, onData: (data: Answer) => void): () => void {
  const query = api.GQL[document];
  if (query === undefined) return () => undefined;
  const subscription = client()
    .subscribe<Answer>({ query })
    .subscribe({ next: ({ data }) => data && onData(data), error: () => undefined });
  return () => subscription.unsubscribe();
}

/** Queries whose answers change when the plugin writes to Stash. */
const TOUCHED_QUERY =
  /^(Find(Image|Images|Gallery|Galleries|Scene|Scenes|Performer|Performers|Tag|Tags|SceneMarkers|SceneMarkerTags)|MarkerStrings)$/;
const TOUCHED_FIELDS = [
  ...["findImages", "findGalleries", "findScenes", "findPerformers", "findTags"],
  ...["findSceneMarkers", "sceneMarkerTags", "markerStrings"],
];

/** Brings the page up to date after the plugin wrote to Stash: open pages at once, others when they are opened. */
export async function refreshHost(): Promise<void> {
  const apollo = client();
  const open = [...apollo.getObservableQueries("active").values()].filter((each) =>
    TOUCHED_QUERY.test(each.queryName ?? ""),
  );
  for (const fieldName of TOUCHED_FIELDS) apollo.cache.evict({ id: "ROOT_QUERY", fieldName, broadcast: false });
  await Promise.allSettled(open.map((each) => each.refetch()));
  apollo.cache.gc();
}

/** The host's form of settings; null on every page but that one. */
function useHostSettings(): HostSettings | null {
  try {
    return api.hooks.useSettings?.() ?? null;
  } catch {
    return null; // it throws outside the form
  }
}

/**
 * For after the plugin changed its own settings. The host reads settings once and writes all of a plugin's together: what
 * it holds would overwrite the change at the next click in its form.
 */
export function useSettingsRefresh(): () => Promise<void> {
  const form = React.useRef<HostSettings | null>(null);
  form.current = useHostSettings();
  return React.useCallback(async () => {
    const open = [...client().getObservableQueries("active").values()].filter((each) => each.queryName === "Configuration");
    const answers = await Promise.allSettled(open.map((each) => each.refetch()));
    for (const answer of answers) {
      if (answer.status !== "fulfilled") continue;
      const data = answer.value.data as { configuration?: { plugins?: Record<string, PluginSettings> } } | undefined;
      const mine = data?.configuration?.plugins?.[PLUGIN_ID];
      if (mine !== undefined) form.current?.savePluginSettings(PLUGIN_ID, mine);
      return;
    }
  }, []);
}
