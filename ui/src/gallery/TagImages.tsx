import { Bootstrap, React } from "../host";
import { useRemembered } from "../parts/hooks";
import { useText } from "../text";

const KEY = "compreface.gallery.images"; // of localStorage

/** Whether people go on the images of a gallery too; the browser remembers it. */
export function useTagImages(): [boolean, (value: boolean) => void] {
  return useRemembered(KEY, false);
}

export function TagImages({ checked, onChange }: { checked: boolean; onChange: (value: boolean) => void }) {
  const text = useText();
  return (
    <Bootstrap.Form.Check
      type="switch"
      id="compreface-gallery-images"
      label={text("compreface.gallery.tag.images")}
      checked={checked}
      onChange={() => onChange(!checked)}
    />
  );
}
