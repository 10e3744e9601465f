import type { ComponentType, ReactNode } from "react";
import { Boundary } from "./boundary";
import { FirstStep } from "./health/Enrol";
import { HealthChecks } from "./health/HealthChecks";
import { addRoute, addToMenu, Bootstrap, Icon, React, Router } from "./host";
import { messageOf } from "./messageOf";
import { Help } from "./parts/help";
import { Failed } from "./parts/notices";
import { Texts, useText, type MessageId } from "./text";

const HELPS = { Checks: HealthChecks, FirstStep };

/** Everything of ours in the host's pages stands in one of these: with our messages, and a fault stays inside. */
export function Surface({ children, fallback = null }: { children: ReactNode; fallback?: ReactNode }) {
  return (
    <Boundary fallback={() => fallback}>
      <Texts>
        <Help.Provider value={HELPS}>{children}</Help.Provider>
      </Texts>
    </Boundary>
  );
}

/** A part that says when it has failed and may be tried again; its neighbours go on. Below `Surface`. */
export function Part({ children }: { children: ReactNode }) {
  const text = useText();
  return (
    <Boundary
      fallback={(retry, error) => (
        <Failed title={text("compreface.failed.panel")} message={messageOf(error)} onRetry={retry} />
      )}
    >
      {children}
    </Boundary>
  );
}

interface PageProps {
  path: `/plugins/${string}`;
  icon: string;
  title: MessageId;
  page: ComponentType;
}

/** A page of ours with its entry in the main menu. */
export function registerPage({ path, icon, title, page: Page }: PageProps): void {
  addRoute(path, () => (
    <Surface>
      <Part>
        <Page />
      </Part>
    </Surface>
  ));
  addToMenu(
    <Surface>
      <MenuItem path={path} icon={icon} title={title} />
    </Surface>,
  );
}

function MenuItem({ path, icon, title }: Omit<PageProps, "page">) {
  const text = useText();
  return (
    <Bootstrap.Nav.Link as="div" className="col-4 col-sm-3 col-md-2 col-lg-auto">
      <Router.NavLink
        to={path}
        className={
          "compreface-menu-item minimal p-4 p-xl-2 d-flex d-xl-inline-block flex-column justify-content-between " +
          "align-items-center btn btn-primary"
        }
      >
        <Icon name={icon} className="nav-menu-icon d-block d-xl-inline mb-2 mb-xl-0" />
        <span>{text(title)}</span>
      </Router.NavLink>
    </Bootstrap.Nav.Link>
  );
}
