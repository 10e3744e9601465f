import type { ReactNode } from "react";
import { CreatePerformer, PickPerformer } from "../faces/forms";
import { Bootstrap, Icon, React } from "../host";
import { useText } from "../text";
import type { Some } from "./operations";
import type { Naming } from "./useNaming";

const { Button } = Bootstrap;

interface Props {
  /** Null: nothing is chosen yet. */
  which: Some | null;
  naming: Naming;
  /** Buttons before these. */
  children?: ReactNode;
}

/** What can be said about unknown people: somebody new, somebody of the library, or nobody to ask about again. */
export function NameGroup({ which, naming, children }: Props) {
  const text = useText();
  const [form, setForm] = React.useState<"pick" | "create" | null>(null);
  const buttons = React.useRef<HTMLDivElement>(null);
  const off = naming.busy || which === null;
  const toggle = (wanted: "pick" | "create") => setForm(form === wanted ? null : wanted);
  const close = () => {
    buttons.current?.querySelector<HTMLElement>("[aria-expanded=true]")?.focus();
    setForm(null);
  };
  const say: Naming["name"] = (...said) => {
    close();
    naming.name(...said);
  };
  return (
    <>
      <div ref={buttons} className="compreface-actions">
        {children}
        <Button size="sm" variant="primary" disabled={off} aria-expanded={form === "create"} onClick={() => toggle("create")}>
          <Icon name="faUserPlus" /> <span>{text("compreface.create")}</span>
        </Button>
        <Button size="sm" variant="secondary" disabled={off} aria-expanded={form === "pick"} onClick={() => toggle("pick")}>
          <Icon name="faMagnifyingGlass" /> <span>{text("compreface.clusters.existing")}</span>
        </Button>
        <Button size="sm" variant="secondary" disabled={off} onClick={() => which && naming.ignore(which)}>
          <Icon name="faUserSlash" /> <span>{text("compreface.ignore")}</span>
        </Button>
      </div>
      {form === "create" && which && (
        <CreatePerformer
          suggestion=""
          nameNeeded
          onCancel={close}
          onUse={(who) => say(which, { id: who.id })}
          onCreate={(name, elsewhere) => say(which, { name }, elsewhere)}
        />
      )}
      {form === "pick" && which && <PickPerformer onCancel={close} onPick={(who) => say(which, { id: who.id })} />}
    </>
  );
}
