import { patchAfter, React } from "../host";
import { Part, Surface } from "../surface";
import { GalleryFaces } from "./GalleryFaces";

interface Panel {
  gallery?: { id: string };
  active?: boolean;
}

patchAfter<Panel>("GalleryImagesPanel", ({ gallery }, images) =>
  gallery?.id === undefined ? (
    images
  ) : (
    <>
      <Surface>
        <Part>
          <GalleryFaces key={gallery.id} galleryId={gallery.id} />
        </Part>
      </Surface>
      {images}
    </>
  ),
);
