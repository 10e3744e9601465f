import * as Apollo from "@apollo/client";
import Mousetrap from "mousetrap";
import * as React from "react";
import * as Bootstrap from "react-bootstrap";
import { useParams } from "react-router-dom";
import { component } from "../patches";
import type { Named } from "./data";
import { Performers, RatingSystem } from "./shared";

const FIND_IMAGE = Apollo.gql`
  query FindImage($id: ID!) {
    findImage(id: $id) {
      id
      title
      paths {
        image
      }
      visual_files {
        ... on ImageFile {
          id
          path
        }
      }
      performers {
        id
        name
      }
    }
  }
`;

interface Image {
  id: string;
  paths: { image: string };
  performers: Named[];
}

const ImageDetailPanel = component<{ image: Image }>("ImageDetailPanel", ({ image }) => (
  <Performers performers={image.performers} />
));

function EditForm() {
  const [title, setTitle] = React.useState("");
  return (
    <form>
      <div className="edit-buttons">
        <Bootstrap.Button className="edit-button" variant="primary" disabled={title === ""} onClick={() => setTitle("")}>
          Save
        </Bootstrap.Button>
      </div>
      <input aria-label="Title" value={title} onChange={(event) => setTitle(event.target.value)} />
    </form>
  );
}

export function ImagePage() {
  const { id } = useParams<{ id: string }>();
  const { data } = Apollo.useQuery<{ findImage: Image }>(FIND_IMAGE, { variables: { id } });
  const [tab, setTab] = React.useState<string | null>("image-details-panel");
  React.useEffect(() => {
    Mousetrap.bind("a", () => setTab("image-details-panel"));
    Mousetrap.bind("f", () => setTab("image-edit-panel"));
    return () => {
      Mousetrap.unbind("a");
      Mousetrap.unbind("f");
    };
  });
  if (data === undefined) return <p>Loading</p>;
  return (
    <main className="row">
      <div className="image-tabs">
        <h3 className="image-header">An image</h3>
        <div className="image-toolbar">
          <span className="image-toolbar-group">
            <RatingSystem value={0} clickToRate />
          </span>
          <span className="image-toolbar-group" />
        </div>
        <Bootstrap.Tab.Container activeKey={tab ?? ""} onSelect={setTab} id="host">
          <Bootstrap.Nav variant="tabs">
            <Bootstrap.Nav.Link eventKey="image-details-panel">Details</Bootstrap.Nav.Link>
            <Bootstrap.Nav.Link eventKey="image-edit-panel">Edit</Bootstrap.Nav.Link>
          </Bootstrap.Nav>
          <Bootstrap.Tab.Content>
            <Bootstrap.Tab.Pane eventKey="image-details-panel">
              <ImageDetailPanel image={data.findImage} />
            </Bootstrap.Tab.Pane>
            <Bootstrap.Tab.Pane eventKey="image-edit-panel">
              <EditForm />
            </Bootstrap.Tab.Pane>
          </Bootstrap.Tab.Content>
        </Bootstrap.Tab.Container>
      </div>
      <div className="image-container">
        <img className="image-image" src={data.findImage.paths.image} alt="" />
      </div>
    </main>
  );
}
