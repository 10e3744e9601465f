import { React } from "../host";
import { useText } from "../text";
import { HealthChecks } from "./HealthChecks";

/** Below the plugin's settings. */
export function HealthPanel() {
  const text = useText();
  return (
    <section className="compreface-health-panel" aria-label={text("compreface.health.title")}>
      <h5>{text("compreface.health.title")}</h5>
      <HealthChecks />
    </section>
  );
}
