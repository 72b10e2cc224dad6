import { randomBytes, timingSafeEqual } from 'node:crypto';

/** Length of tokens in bytes. 128 random bits cannot be guessed. */
const tokenLength = 16;

const newToken = () => randomBytes(tokenLength).toString('hex');

function equals(one: string, other: string): boolean {
  const [first, second] = [Buffer.from(one), Buffer.from(other)];
  return first.length === second.length && timingSafeEqual(first, second);
}

/**
 * The credentials of the operators' page. The page's address contains a token, which a browser
 * exchanges for the token of a session.
 */
export interface Sessions {
  /** The token in the page's address. It opens one session. */
  readonly addressToken: string;
  /**
   * Opens the session and returns its token. Returns undefined if the given token is wrong or was
   * used before.
   */
  open(token: string): string | undefined;
  /** Reports whether a token belongs to the open session. */
  isOpen(session: string): boolean;
}

/** Creates the credentials for one run of `admin.js serve`. They exist only in memory. */
export function createSessions(): Sessions {
  const addressToken = newToken();
  let session: string | undefined;
  return {
    addressToken,
    open(token) {
      if (session !== undefined || !equals(token, addressToken)) return undefined;
      session = newToken();
      return session;
    },
    isOpen: (token) => session !== undefined && equals(token, session),
  };
}
