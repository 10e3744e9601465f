// What the pages of the test host ask of Stash, through one client as in Stash.

import * as Apollo from "@apollo/client";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import { getMainDefinition } from "@apollo/client/utilities";
import { createClient } from "graphql-ws";

const socket = createClient({
  url: new URL("graphql", `${location.origin.replace(/^http/, "ws")}/`).href,
  retryAttempts: Infinity,
  shouldRetry: () => true,
});

/** Subscriptions go over a WebSocket, everything else over HTTP, as in Stash. */
const link = Apollo.split(
  ({ query }) => {
    const definition = getMainDefinition(query);
    return definition.kind === "OperationDefinition" && definition.operation === "subscription";
  },
  new GraphQLWsLink(socket),
  new Apollo.HttpLink({ uri: "/graphql" }),
);

export const client = new Apollo.ApolloClient({ link, cache: new Apollo.InMemoryCache() });

/** Of the generated client. */
export const JobsSubscribeDocument = Apollo.gql`
  subscription JobsSubscribe {
    jobsSubscribe {
      type
      job {
        id
        status
        subTasks
        description
        progress
        error
        startTime
      }
    }
  }
`;

export interface Named {
  id: string;
  name: string;
}

const SEARCH = Apollo.gql`
  query FindPerformersForSelect($filter: FindFilterType) {
    findPerformers(filter: $filter) {
      performers {
        id
        name
      }
    }
  }
`;

/** Performers by what was typed. */
export function usePerformers(typed: string): Named[] {
  const { data } = Apollo.useQuery(SEARCH, { variables: { filter: { q: typed, per_page: 10 } }, skip: typed === "" });
  return data?.findPerformers.performers ?? [];
}

const GALLERIES = Apollo.gql`
  query FindGalleriesForSelect($filter: FindFilterType) {
    findGalleries(filter: $filter) {
      galleries {
        id
        title
      }
    }
  }
`;

/** Galleries by what was typed. */
export function useGalleries(typed: string): Named[] {
  const variables = { filter: { q: typed, per_page: 10 } };
  const { data } = Apollo.useQuery(GALLERIES, { variables, skip: typed === "" });
  const found: { id: string; title: string }[] = data?.findGalleries.galleries ?? [];
  return found.map(({ id, title }) => ({ id, name: title }));
}
