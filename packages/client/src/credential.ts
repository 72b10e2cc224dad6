import { abortable } from './deadline.ts';
import type { Credentials } from './operation.ts';

/**
 * A token, or a function that returns a token. The function is called before each attempt, so that
 * a retry after a long pause does not send an expired token.
 */
export type Token = string | (() => string | Promise<string>);

/** The credentials provided by the caller. */
export interface CredentialSources {
  readonly token: Token | undefined;
  readonly apiKey: string | undefined;
}

/** The request headers that authenticate a request, and the token or key that they contain. */
interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string | undefined;
}

/**
 * Matches a value that is valid in a header. Other values are never passed to `fetch`, because its
 * error would quote the token or key.
 */
const headerValue = /^[\x21-\x7e]+$/;

function checked(secret: string | undefined, rule: string): string {
  if (typeof secret !== 'string' || !headerValue.test(secret)) throw new TypeError(rule);
  return secret;
}

/**
 * Returns the credential for a request.
 *
 * @throws {TypeError} if the token or key is missing or cannot be sent in a header.
 * @throws the error that the token function throws.
 */
export async function credentialOf(
  kind: Credentials,
  { token, apiKey }: CredentialSources,
  signal: AbortSignal,
): Promise<Credential> {
  switch (kind) {
    case 'none':
      return { headers: {}, secret: undefined };
    case 'token': {
      const current =
        typeof token === 'function' ? await abortable(signal, Promise.resolve(token())) : token;
      const secret = checked(
        current,
        'The token must consist of visible ASCII characters, without the word "Bearer".',
      );
      return { headers: { authorization: `Bearer ${secret}` }, secret };
    }
    case 'key': {
      const secret = checked(apiKey, 'The API key must consist of visible ASCII characters.');
      return { headers: { 'x-api-key': secret }, secret };
    }
  }
}
