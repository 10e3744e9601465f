import { Bootstrap, Icon, React } from "../host";
import { useRemembered } from "../parts/hooks";
import { Part } from "../surface";
import { useText } from "../text";
import { FacesOfPerformer } from "./FacesOfPerformer";

/** Below the details of a performer. Closed it costs nothing; this browser remembers what was chosen. */
export function FacesSection({ performerId }: { performerId: string }) {
  const text = useText();
  const [open, setOpen] = useRemembered("compreface.performer.open", false);
  const id = `compreface-performer-${performerId}`;
  return (
    <section className="compreface compreface-performer" aria-label={text("compreface.performer.title")}>
      <Bootstrap.Button variant="secondary" size="sm" aria-expanded={open} aria-controls={id} onClick={() => setOpen(!open)}>
        <Icon name={open ? "faChevronUp" : "faChevronDown"} /> {text("compreface.performer.title")}
      </Bootstrap.Button>
      <div id={id}>
        {open && (
          <Part>
            <FacesOfPerformer performerId={performerId} />
          </Part>
        )}
      </div>
    </section>
  );
}
