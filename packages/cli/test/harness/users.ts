import { listPath } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';

interface ListedKey {
  readonly name: string;
  readonly start: string;
  readonly state: string;
}

/** Returns functions for the users of a service. */
export function usersOf(url: string) {
  const environmentOf = (user: string, tier = 'growth') => ({
    ANDAMIO_URL: url,
    ANDAMIO_TOKEN: tokenFor(user, { tier }),
  });
  return {
    /** Returns the variables with which the command acts for a user. */
    environmentOf,
    /** Returns the first page of a user's keys. */
    async keysOf(user: string): Promise<readonly ListedKey[]> {
      const authorization = `Bearer ${environmentOf(user).ANDAMIO_TOKEN}`;
      const response = await fetch(url + listPath, { headers: { authorization } });
      return ((await response.json()) as { keys: ListedKey[] }).keys;
    },
  };
}
