import * as Apollo from "@apollo/client";
import * as React from "react";
import * as Bootstrap from "react-bootstrap";
import { useParams } from "react-router-dom";
import { component, VERSION } from "../patches";
import type { Named } from "./data";
import { Performers, RatingSystem } from "./shared";

const FIND_GALLERY = Apollo.gql`
  query FindGallery($id: ID!) {
    findGallery(id: $id) {
      id
      title
      performers {
        id
        name
      }
    }
  }
`;

const FIND_IMAGES = Apollo.gql`
  query FindImages($filter: FindFilterType, $image_filter: ImageFilterType) {
    findImages(filter: $filter, image_filter: $image_filter) {
      count
      images {
        id
        performers {
          id
          name
        }
      }
    }
  }
`;

interface Gallery {
  id: string;
  title: string;
  performers: Named[];
}

interface Operation {
  text: string;
  onClick: (result: unknown, filter: unknown, selectedIds: Set<string>) => void;
  isDisplayed?: (result: unknown, filter: unknown, selectedIds: Set<string>) => boolean;
}

interface PanelProps {
  active: boolean;
  gallery: Gallery;
  extraOperations?: Operation[];
}

interface ListProps {
  galleryId: string;
  extraOperations?: Operation[];
}

const ImageList = component<ListProps>(VERSION < 31 ? "ImageList" : "FilteredImageList", ({ galleryId, extraOperations = [] }) => {
  const variables = {
    filter: { per_page: 40 },
    image_filter: { galleries: { value: [galleryId], modifier: "INCLUDES" } },
  };
  const { data } = Apollo.useQuery(FIND_IMAGES, { variables });
  const [selected, setSelected] = React.useState(new Set<string>());
  const images: { id: string; performers: Named[] }[] = data?.findImages.images ?? [];
  const toggle = (id: string) =>
    setSelected((old) => new Set(old.has(id) ? [...old].filter((each) => each !== id) : [...old, id]));
  return (
    <div>
      <div className="filtered-list-toolbar">
        {extraOperations
          .filter((each) => each.isDisplayed?.(data, {}, selected) ?? true)
          .map((each) => (
            <button key={each.text} type="button" onClick={() => each.onClick(data, {}, selected)}>
              {each.text}
            </button>
          ))}
      </div>
      <ul className="image-list">
        {images.map((each) => (
          <li key={each.id} className="image-card" data-id={each.id}>
            <input type="checkbox" aria-label={`Image ${each.id}`} onChange={() => toggle(each.id)} />
            {each.performers.map((who) => who.name).join(", ")}
          </li>
        ))}
      </ul>
    </div>
  );
});

const GalleryImagesPanel = component<PanelProps>("GalleryImagesPanel", ({ gallery, extraOperations = [] }) => (
  <ImageList galleryId={gallery.id} extraOperations={extraOperations} />
));

export function GalleryPage() {
  const { id } = useParams<{ id: string }>();
  const { data } = Apollo.useQuery<{ findGallery: Gallery }>(FIND_GALLERY, { variables: { id } });
  if (data === undefined) return <p>Loading</p>;
  const gallery = data.findGallery;
  return (
    <main className="row">
      <div className="gallery-tabs">
        <div className="gallery-toolbar">
          <span className="gallery-toolbar-group">
            <RatingSystem value={0} clickToRate />
          </span>
        </div>
        <Performers performers={gallery.performers} />
      </div>
      <div className="gallery-container">
        <Bootstrap.Tab.Container activeKey="images" unmountOnExit>
          <Bootstrap.Nav variant="tabs">
            <Bootstrap.Nav.Link eventKey="images">Images</Bootstrap.Nav.Link>
          </Bootstrap.Nav>
          <Bootstrap.Tab.Content>
            <Bootstrap.Tab.Pane eventKey="images">
              <GalleryImagesPanel active gallery={gallery} />
            </Bootstrap.Tab.Pane>
          </Bootstrap.Tab.Content>
        </Bootstrap.Tab.Container>
      </div>
    </main>
  );
}
