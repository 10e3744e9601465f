// A small Stash for browser tests: the libraries, page markup and patch rules that docs/ui.md lists, with the real
// React 17, react-bootstrap, Apollo, react-router and react-intl. Only what plugins see is here.

import * as Apollo from "@apollo/client";
import * as Solid from "@fortawesome/free-solid-svg-icons";
import Mousetrap from "mousetrap";
import * as React from "react";
import * as Bootstrap from "react-bootstrap";
import * as ReactDOM from "react-dom";
import * as Intl from "react-intl";
import * as ReactRouterDOM from "react-router-dom";
import "bootstrap/dist/css/bootstrap.css";
import "./host.css";
import { client, JobsSubscribeDocument } from "./pages/data";
import { GallerySelect, PerformerSelect } from "./pages/shared";
import { useSettings } from "./pages/settings";
import { addRoute, Shell, useToast } from "./pages/shell";
import { components, register } from "./patches";

Object.assign(window, {
  PluginApi: {
    React,
    ReactDOM,
    GQL: { JobsSubscribeDocument },
    libraries: { Apollo, Bootstrap, Intl, FontAwesomeSolid: Solid, Mousetrap, ReactRouterDOM },
    components,
    loadableComponents: {
      PerformerSelect: async () => (components.PerformerSelect = PerformerSelect),
      Galleries: async () => (components.GallerySelect = GallerySelect),
    },
    utils: {
      StashService: { getClient: () => client },
      loadComponents: async (all: (() => Promise<unknown>)[]) => {
        await Promise.all(all.map((each) => each()));
      },
    },
    hooks: { useToast, useSettings },
    register: { route: addRoute },
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
        <ReactRouterDOM.BrowserRouter>
          <Shell />
        </ReactRouterDOM.BrowserRouter>
      </Intl.IntlProvider>
    </Apollo.ApolloProvider>,
    document.getElementById("root"),
  );
});
