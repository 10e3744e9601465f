// A small Stash for browser tests: the libraries, page markup and patch rules that docs/ui.md lists, with the real
// React 17, react-bootstrap, Apollo and react-intl. Only what plugins see is here.

import * as Apollo from "@apollo/client";
import * as Solid from "@fortawesome/free-solid-svg-icons";
import { FontAwesomeIcon } from "@fortawesome/react-fontawesome";
import * as React from "react";
import * as Bootstrap from "react-bootstrap";
import * as ReactDOM from "react-dom";
import * as Intl from "react-intl";
import "bootstrap/dist/css/bootstrap.css";
import "./host.css";

type Fn = (...args: unknown[]) => unknown;

// Patches, as Stash applies them --------------------------------------------------------------------------------------

const patches: Record<"before" | "instead" | "after", Record<string, Fn[]>> = { before: {}, instead: {}, after: {} };

function register(kind: keyof typeof patches) {
  return (name: string, fn: Fn) => {
    (patches[kind][name] ??= []).push(fn);
  };
}

function patched(name: string, fn: Fn): Fn {
  return (...given) => {
    let args = given;
    for (const before of patches.before[name] ?? []) args = before(...args) as unknown[];
    const chain = (patches.instead[name] ?? []).reduceRight<Fn>(
      (next, instead) =>
        (...rest) =>
          instead(...rest, next),
      fn,
    );
    let result = chain(...args);
    for (const after of patches.after[name] ?? []) result = after(...args, result);
    return result;
  };
}

function component<Props>(name: string, fn: (props: Props) => React.ReactElement | null) {
  const Patched = patched(name, fn as Fn) as unknown as React.FC<Props>;
  components[name] = Patched;
  return Patched;
}

const components: Record<string, unknown> = {
  Icon: ({ icon, className }: { icon: Solid.IconDefinition; className?: string }) => (
    <FontAwesomeIcon icon={icon} className={`fa-icon ${className ?? ""}`} />
  ),
};

// Pages ---------------------------------------------------------------------------------------------------------------

const client = new Apollo.ApolloClient({ uri: "/graphql", cache: new Apollo.InMemoryCache() });

const FIND_IMAGE = Apollo.gql`
  query FindImage($id: ID!) {
    findImage(id: $id) {
      id
      title
      paths {
        image
      }
      visual_files {
        ... on ImageFile {
          id
          path
        }
      }
      performers {
        id
        name
      }
    }
  }
`;

const SEARCH = Apollo.gql`
  query FindPerformersForSelect($filter: FindFilterType) {
    findPerformers(filter: $filter) {
      performers {
        id
        name
      }
    }
  }
`;

interface Named {
  id: string;
  name: string;
}

interface Image extends Named {
  paths: { image: string };
  performers: Named[];
}

const ImageDetailPanel = component<{ image: Image }>("ImageDetailPanel", ({ image }) => (
  <ul className="performers">
    {image.performers.map((each) => (
      <li key={each.id} className="performer-card">
        {each.name}
      </li>
    ))}
  </ul>
));

const PluginSettings = component<{ pluginID: string }>("PluginSettings", ({ pluginID }) => (
  <p>Settings of {pluginID}</p>
));

/** A plain stand-in with the host's props; what it finds comes from the library. */
function PerformerSelect({ onSelect, values }: { onSelect: (items: Named[]) => void; values: Named[] }) {
  const [typed, setTyped] = React.useState("");
  const { data } = Apollo.useQuery(SEARCH, { variables: { filter: { q: typed, per_page: 10 } }, skip: typed === "" });
  const found = (data?.findPerformers.performers ?? []) as Named[];
  return (
    <div className="performer-select">
      <input aria-label="Performer" autoFocus value={typed} onChange={(event) => setTyped(event.target.value)} />
      {values.map((each) => (
        <b key={each.id}>{each.name}</b>
      ))}
      {found.map((each) => (
        <button key={each.id} type="button" onClick={() => onSelect([each])}>
          {each.name}
        </button>
      ))}
    </div>
  );
}

function ImagePage({ id }: { id: string }) {
  const { data } = Apollo.useQuery<{ findImage: Image }>(FIND_IMAGE, { variables: { id } });
  if (data === undefined) return <p>Loading</p>;
  return (
    <main className="row">
      <div className="image-tabs">
        <Bootstrap.Tab.Container defaultActiveKey="image-details-panel" id="host">
          <Bootstrap.Nav variant="tabs">
            <Bootstrap.Nav.Link eventKey="image-details-panel">Details</Bootstrap.Nav.Link>
            <Bootstrap.Nav.Link eventKey="image-edit-panel">Edit</Bootstrap.Nav.Link>
          </Bootstrap.Nav>
          <Bootstrap.Tab.Content>
            <Bootstrap.Tab.Pane eventKey="image-details-panel">
              <ImageDetailPanel image={data.findImage} />
            </Bootstrap.Tab.Pane>
            <Bootstrap.Tab.Pane eventKey="image-edit-panel">
              <input aria-label="Title" />
            </Bootstrap.Tab.Pane>
          </Bootstrap.Tab.Content>
        </Bootstrap.Tab.Container>
      </div>
      <div className="image-container">
        <img className="image-image" src={data.findImage.paths.image} alt="" />
      </div>
    </main>
  );
}

function Page() {
  const image = /^\/images\/(\d+)/.exec(location.pathname)?.[1];
  return image === undefined ? (
    <main>
      <PluginSettings pluginID="other" />
      <PluginSettings pluginID="compreface" />
    </main>
  ) : (
    <ImagePage id={image} />
  );
}

// What plugins get ----------------------------------------------------------------------------------------------------

Object.assign(window, {
  PluginApi: {
    React,
    ReactDOM,
    GQL: {},
    libraries: { Apollo, Bootstrap, Intl, FontAwesomeSolid: Solid },
    components,
    loadableComponents: { PerformerSelect: async () => (components.PerformerSelect = PerformerSelect) },
    utils: {
      StashService: { getClient: () => client },
      loadComponents: async (all: (() => Promise<unknown>)[]) => {
        await Promise.all(all.map((each) => each()));
      },
    },
    hooks: {},
    patch: { before: register("before"), instead: register("instead"), after: register("after") },
  },
});

function load(id: string): Promise<void> {
  return new Promise((resolve) => {
    const script = document.createElement("script");
    script.src = `/plugin/${id}/javascript`;
    script.async = false;
    script.onload = script.onerror = () => resolve();
    document.head.append(script);
  });
}

const wanted = new URLSearchParams(location.search);
const locale = wanted.get("locale") ?? "en-GB";
Promise.all((wanted.get("plugins") ?? "compreface").split(",").map(load)).then(() => {
  ReactDOM.render(
    <Apollo.ApolloProvider client={client}>
      <Intl.IntlProvider locale={locale} messages={{}}>
        <Page />
      </Intl.IntlProvider>
    </Apollo.ApolloProvider>,
    document.getElementById("root"),
  );
});
