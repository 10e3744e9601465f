// What stands round every page: the menu, the routes of the host and those of plugins, the toasts.

import * as React from "react";
import * as Bootstrap from "react-bootstrap";
import { Link, Route, Switch } from "react-router-dom";
import { component, patched, register, type Fn } from "../patches";
import { GalleryPage } from "./gallery";
import { ImagePage } from "./image";
import { PerformerPage } from "./performer";
import { ScenePage } from "./scene";
import { SettingsPage } from "./settings";

type Children = { children?: React.ReactNode };

const MenuItems = component<Children>("MainNavBar.MenuItems", ({ children }) => (
  <Bootstrap.Nav>{children}</Bootstrap.Nav>
));

const PluginRoutes = patched("PluginRoutes", (({ children }: Children) => <>{children}</>) as Fn) as React.FC;

/** As Stash adds the route of a plugin: any route that matches is shown, whatever else does. */
export function addRoute(path: string, page: React.ComponentType): void {
  register("before")("PluginRoutes", (props) => [
    {
      children: (
        <>
          {(props as Children).children}
          <Route path={path} component={page} />
        </>
      ),
    },
  ]);
}

interface Toast {
  success(message: React.ReactNode): void;
  error(error: unknown): void;
}

const Toasts = React.createContext<Toast>({ success: () => undefined, error: () => undefined });

export const useToast = (): Toast => React.useContext(Toasts);

const App = component<Children>("App", ({ children }) => <>{children}</>);

export function Shell() {
  const [said, setSaid] = React.useState<React.ReactNode>(null);
  const toast = React.useMemo<Toast>(
    () => ({ success: setSaid, error: (error) => setSaid(error instanceof Error ? error.message : String(error)) }),
    [],
  );
  return (
    <Toasts.Provider value={toast}>
      <App>
        <Bootstrap.Navbar className="top-nav">
          <MenuItems>
            <Bootstrap.Nav.Link as="div" className="col-4 col-sm-3 col-md-2 col-lg-auto">
              <Link to="/images">Images</Link>
            </Bootstrap.Nav.Link>
          </MenuItems>
        </Bootstrap.Navbar>
        <Switch>
          <Route path="/images/:id" component={ImagePage} />
          <Route path="/galleries/:id" component={GalleryPage} />
          <Route path="/scenes/:id" component={ScenePage} />
          <Route path="/performers/:id" component={PerformerPage} />
          <Route path="/settings" component={SettingsPage} />
          <PluginRoutes />
        </Switch>
      </App>
      {said !== null && (
        <div className="toast show" role="alert">
          {said}
        </div>
      )}
    </Toasts.Provider>
  );
}
