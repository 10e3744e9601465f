import { React } from "../host";
import { Part } from "../surface";
import { useText } from "../text";
import { HealthChecks } from "./HealthChecks";
import { ModelPacks } from "./ModelPacks";

/** Below the plugin's settings. */
export function HealthPanel() {
  const text = useText();
  return (
    <section className="compreface compreface-health-panel" aria-label={text("compreface.health.title")}>
      <h5>{text("compreface.health.title")}</h5>
      <HealthChecks />
      <h5>{text("compreface.models.title")}</h5>
      <p className="text-muted">{text("compreface.models.text")}</p>
      <Part>
        <ModelPacks />
      </Part>
    </section>
  );
}
