import "./styles.css";

import { HealthChecks } from "../health/HealthChecks";
import { React } from "../host";
import { Part } from "../surface";
import { useText } from "../text";
import { ModelPacks } from "./ModelPacks";

/** Below the plugin's settings. */
export function HealthPanel() {
  const text = useText();
  const [asked, setAsked] = React.useState(0); // the checks, anew when the models changed
  return (
    <section className="compreface compreface-health-panel" aria-label={text("compreface.health.title")}>
      <h5>{text("compreface.health.title")}</h5>
      <HealthChecks key={asked} />
      <h5>{text("compreface.models.title")}</h5>
      <p className="text-muted">{text("compreface.models.text")}</p>
      <Part>
        <ModelPacks onChanged={() => setAsked((times) => times + 1)} />
      </Part>
    </section>
  );
}
