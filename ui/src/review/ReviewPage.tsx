import type { ReactNode } from "react";
import { Bootstrap, React, Router } from "../host";
import { Opened } from "../parts/Opened";
import { Part } from "../surface";
import { useText, type MessageId } from "../text";
import { ClustersTab } from "./ClustersTab";
import { NumbersTab } from "./NumbersTab";
import { PlansTab } from "./PlansTab";
import { QueueTab } from "./QueueTab";
import { RunsTab } from "./RunsTab";

const { Nav, Tab } = Bootstrap;

const TABS: [key: string, title: MessageId][] = [
  ["queue", "compreface.review.tab.queue"],
  ["unknown", "compreface.review.tab.unknown"],
  ["plans", "compreface.review.tab.plans"],
  ["runs", "compreface.review.tab.runs"],
  ["numbers", "compreface.review.tab.numbers"],
];

/** Everything that waits for a person, and everything that was done. The part shown stands in the address. */
export function ReviewPage() {
  const text = useText();
  const location = Router.useLocation();
  const history = Router.useHistory();
  const query = new URLSearchParams(location.search);
  const asked = query.get("tab") ?? "";
  const tab = TABS.some(([key]) => key === asked) ? asked : "queue";
  const opened = React.useRef(tab); // what was shown first may take the focus; what is chosen by keys may not
  const choose = (key: string | null) => {
    const next = new URLSearchParams(location.search);
    next.set("tab", key ?? "queue");
    opened.current = "";
    history.replace({ search: next.toString() });
  };
  const tabs = React.useRef<HTMLDivElement>(null);
  React.useEffect(() => {
    tabs.current?.querySelector(".active")?.scrollIntoView({ block: "nearest", inline: "nearest" }); // on a phone they scroll
  }, [tab]);
  const panes: Record<string, ReactNode> = {
    queue: <QueueTab takeFocus={opened.current === "queue"} />,
    unknown: <ClustersTab />,
    plans: <PlansTab />,
    runs: <RunsTab visible={tab === "runs"} />,
    numbers: <NumbersTab />,
  };
  return (
    <div className="compreface compreface-review">
      <h2>{text("compreface.review.title")}</h2>
      <Tab.Container id="compreface-review" activeKey={tab} onSelect={choose} transition={false}>
        <Nav ref={tabs} variant="pills" className="compreface-tabs" aria-label={text("compreface.review.title")}>
          {TABS.map(([key, title]) => (
            <Nav.Item key={key}>
              <Nav.Link eventKey={key} as="button" type="button">
                {text(title)}
              </Nav.Link>
            </Nav.Item>
          ))}
        </Nav>
        <Tab.Content>
          {TABS.map(([key]) => (
            <Tab.Pane key={key} eventKey={key} unmountOnExit={key !== "queue"}>
              <Opened shown={tab === key}>
                <Part>{panes[key]}</Part>
              </Opened>
            </Tab.Pane>
          ))}
        </Tab.Content>
      </Tab.Container>
    </div>
  );
}
