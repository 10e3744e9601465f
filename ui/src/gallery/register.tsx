import { patchAfter, React } from "../host";
import { Part, Surface } from "../surface";
import { GalleryFaces } from "./GalleryFaces";

interface Panel {
  gallery?: { id: string; image_count?: number };
  active?: boolean;
}

patchAfter<Panel>("GalleryImagesPanel", ({ gallery }, images) =>
  gallery?.id === undefined ? (
    images
  ) : (
    <>
      <Surface>
        <Part>
          <GalleryFaces key={gallery.id} galleryId={gallery.id} imageCount={gallery.image_count ?? 1} />
        </Part>
      </Surface>
      {images}
    </>
  ),
);
