import { Boundary } from "../boundary";
import { React, useHostComponent } from "../host";
import { useText } from "../text";

interface Props<Chosen> {
  /** The host's component, and the bundle that brings it where it has not come with the page. */
  name: string;
  bundle?: string;
  chosen: Chosen[];
  onSelect: (chosen: Chosen[]) => void;
}

/** One thing of the library, found with the host's own search; a sentence where the host has none. */
export function HostSelect<Chosen>({ name, bundle, chosen, onSelect }: Props<Chosen>) {
  const text = useText();
  const Select = useHostComponent(name, bundle);
  const failed = <p role="alert">{text("compreface.failed.panel")}</p>;
  if (Select === undefined) return <p className="text-muted">{text("compreface.loading")}</p>;
  if (Select === null) return failed;
  return (
    <Boundary fallback={() => failed}>
      <Select
        values={chosen}
        onSelect={onSelect}
        isMulti={false}
        creatable={false}
        autoFocus
        menuPortalTarget={document.body}
      />
    </Boundary>
  );
}
