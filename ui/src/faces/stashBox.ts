// Performers as the stash-boxes know them that Stash is set up with. They are asked when somebody is to be created, never
// while a name is being typed: names leave this machine for that.

import { ask, change, graphql } from "../host";

export interface StashBoxPerson {
  name: string;
  disambiguation: string;
  endpoint: string;
  box: string;
  stashId: string;
  /** The person's page there. */
  page: string;
}

interface Box {
  name: string;
  endpoint: string;
}

const BOXES = graphql(`
  query ComprefaceStashBoxes {
    configuration {
      general {
        stashBoxes {
          name
          endpoint
        }
      }
    }
  }
`);

const SEARCH = graphql(`
  query ComprefaceStashBoxSearch($endpoint: String!, $name: String!) {
    scrapeSinglePerformer(source: { stash_box_endpoint: $endpoint }, input: { query: $name }) {
      name
      disambiguation
      remote_site_id
    }
  }
`);

const LINK = graphql(`
  mutation ComprefaceStashBoxLink($id: ID!, $ids: [StashIDInput!]) {
    performerUpdate(input: { id: $id, stash_ids: $ids }) {
      id
      updated_at
    }
  }
`);

const USE = graphql(`
  query ComprefaceUseOfPerformer($id: ID!) {
    findPerformer(id: $id) {
      id
      updated_at
      image_count
      scene_count
      gallery_count
    }
  }
`);

const REMOVE = graphql(`
  mutation ComprefaceRemovePerformer($id: ID!) {
    performerDestroy(input: { id: $id })
  }
`);

interface Use {
  updated_at: string;
  image_count: number;
  scene_count: number;
  gallery_count: number;
}

const MOST = 5; // of one box

/** Whoever has this name there; nobody where no box is set up, and none of a box that does not answer. */
export async function onStashBoxes(name: string): Promise<StashBoxPerson[]> {
  const { configuration } = await ask<{ configuration: { general: { stashBoxes: Box[] } } }>(BOXES, {});
  const answers = await Promise.allSettled(configuration.general.stashBoxes.map((box) => searched(box, name)));
  return answers.flatMap((answer) => (answer.status === "fulfilled" ? answer.value : []));
}

async function searched(box: Box, name: string): Promise<StashBoxPerson[]> {
  const { scrapeSinglePerformer: found } = await ask<{
    scrapeSinglePerformer: { name: string | null; disambiguation: string | null; remote_site_id: string | null }[];
  }>(SEARCH, { endpoint: box.endpoint, name }, true);
  return found.slice(0, MOST).flatMap((each) =>
    each.name && each.remote_site_id
      ? {
          name: each.name,
          disambiguation: each.disambiguation ?? "",
          endpoint: box.endpoint,
          box: box.name,
          stashId: each.remote_site_id,
          page: `${box.endpoint.replace(/\/graphql\/?$/, "")}/performers/${encodeURIComponent(each.remote_site_id)}`,
        }
      : [],
  );
}

/** A performer just made that was linked, as Stash had it then. */
export interface Linked {
  performerId: string;
  updatedAt: string;
}

/** Says in Stash who a performer is there. */
export async function link(performerId: string, person: StashBoxPerson): Promise<Linked> {
  const ids = [{ endpoint: person.endpoint, stash_id: person.stashId }];
  const { performerUpdate } = await change<{ performerUpdate: { updated_at: string } }>(LINK, { id: performerId, ids });
  return { performerId, updatedAt: performerUpdate.updated_at };
}

/**
 * After the run that made a linked performer was undone: the link made the performer count as edited, so the run left
 * it. It goes unless somebody edited or used it since.
 */
export async function removeLinked({ performerId, updatedAt }: Linked): Promise<void> {
  const { findPerformer: found } = await ask<{ findPerformer: Use | null }>(USE, { id: performerId }, true);
  if (found === null || found.updated_at !== updatedAt) return;
  if (found.image_count + found.scene_count + found.gallery_count > 0) return;
  await change(REMOVE, { id: performerId });
}
