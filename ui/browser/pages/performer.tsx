import * as Apollo from "@apollo/client";
import * as React from "react";
import { useParams } from "react-router-dom";
import { component } from "../patches";

const FIND_PERFORMER = Apollo.gql`
  query FindPerformer($id: ID!) {
    findPerformer(id: $id) {
      id
      name
      image_path
      alias_list
      scene_count
      image_count
      gallery_count
    }
  }
`;

interface Performer {
  id: string;
  name: string;
  image_path: string;
}

interface PanelProps {
  performer: Performer;
  collapsed?: boolean;
  fullWidth?: boolean;
}

const PerformerDetailsPanel = component<PanelProps>("PerformerDetailsPanel", ({ performer }) => (
  <div className="detail-group">{performer.name}</div>
));

const Page = component<{ performer: Performer }>("PerformerPage", ({ performer }) => (
  <div id="performer-page" className="row">
    <div className="detail-header">
      <div className="detail-container">
        <img className="performer" src={performer.image_path} alt={performer.name} />
        <div className="performer-head col">
          <h2>{performer.name}</h2>
          <PerformerDetailsPanel performer={performer} collapsed={false} fullWidth />
        </div>
      </div>
    </div>
  </div>
));

export function PerformerPage() {
  const { id } = useParams<{ id: string }>();
  const { data } = Apollo.useQuery<{ findPerformer: Performer }>(FIND_PERFORMER, { variables: { id } });
  return data === undefined ? <p>Loading</p> : <Page performer={data.findPerformer} />;
}
