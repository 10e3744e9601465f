// What the pages of the test host ask of Stash, through one client as in Stash.

import * as Apollo from "@apollo/client";

export const client = new Apollo.ApolloClient({ uri: "/graphql", cache: new Apollo.InMemoryCache() });

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
