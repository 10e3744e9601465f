import { closing } from "../faces/forms";
import { Bootstrap, React } from "../host";
import { HostSelect } from "../parts/HostSelect";
import { useText } from "../text";

const { Button } = Bootstrap;

interface Props {
  onPick: (galleryId: string) => void;
  onCancel: () => void;
}

/** One gallery of the library, found with the host's own search. */
export function PickGallery({ onPick, onCancel }: Props) {
  const text = useText();
  return (
    <div className="compreface-form" onKeyDown={closing(onCancel)}>
      <span className="compreface-form-label">{text("compreface.pick.gallery")}</span>
      <HostSelect<{ id: string }>
        name="GallerySelect"
        bundle="Galleries"
        chosen={[]}
        onSelect={([gallery]) => gallery && onPick(gallery.id)}
      />
      <div className="compreface-actions">
        <Button size="sm" variant="secondary" onClick={onCancel}>
          {text("compreface.cancel")}
        </Button>
      </div>
    </div>
  );
}
