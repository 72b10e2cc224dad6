import { abortable } from './deadline.ts';
import type { Credentials } from './operation.ts';

/**
 * A token, or a function that returns one. The function is called before each attempt, so that a
 * long wait does not end with an expired token.
 */
export type Token = string | (() => string | Promise<string>);

/** The credentials that the caller has provided. */
export interface CredentialSources {
  readonly token: Token | undefined;
  readonly apiKey: string | undefined;
}

/** The request headers that authenticate the caller, and the secret in them. */
interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string | undefined;
}

/** Matches a valid header value. The platform's own validation error would quote the secret. */
const headerValue = /^[\x21-\x7e]+$/;

function checked(secret: string | undefined, rule: string): string {
  if (typeof secret !== 'string' || !headerValue.test(secret)) throw new TypeError(rule);
  return secret;
}

/**
 * Returns the credential for an operation.
 *
 * @throws {TypeError} if the token or key is missing or cannot be sent, and the errors of the token
 * function.
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
      const current = typeof token === 'function' ? await abortable(signal, Promise.resolve(token())) : token;
      const secret = checked(current, 'The token must consist of visible ASCII characters, without the word "Bearer".');
      return { headers: { authorization: `Bearer ${secret}` }, secret };
    }
    case 'key': {
      const secret = checked(apiKey, 'The API key must consist of visible ASCII characters.');
      return { headers: { 'x-api-key': secret }, secret };
    }
  }
}
