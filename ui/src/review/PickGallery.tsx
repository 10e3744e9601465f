import { Boundary } from "../boundary";
import { closing } from "../faces/forms";
import { Bootstrap, React, useHostComponent } from "../host";
import { useText } from "../text";

const { Button } = Bootstrap;

interface Props {
  onPick: (galleryId: string) => void;
  onCancel: () => void;
}

/** One gallery of the library, found with the host's own search. */
export function PickGallery({ onPick, onCancel }: Props) {
  const text = useText();
  const Select = useHostComponent("GallerySelect", "Galleries");
  return (
    <div className="compreface-form" onKeyDown={closing(onCancel)}>
      <span className="compreface-form-label">{text("compreface.pick.gallery")}</span>
      {Select === undefined && <p className="text-muted">{text("compreface.loading")}</p>}
      {Select === null && <p role="alert">{text("compreface.failed.panel")}</p>}
      {Select && (
        <Boundary fallback={() => <p role="alert">{text("compreface.failed.panel")}</p>}>
          <Select
            values={[]}
            onSelect={([chosen]: { id: string }[]) => chosen && onPick(chosen.id)}
            isMulti={false}
            creatable={false}
            autoFocus
            menuPortalTarget={document.body}
          />
        </Boundary>
      )}
      <div className="compreface-actions">
        <Button size="sm" variant="secondary" onClick={onCancel}>
          {text("compreface.cancel")}
        </Button>
      </div>
    </div>
  );
}
