import { unlessAborted } from './deadline.ts';
import type { Credentials } from './operation.ts';

/** A token, or what gives one: asked before each attempt, so that a long wait does not end in an expired token. */
export type Token = string | (() => string | Promise<string>);

/** What a credential is made of. */
export interface CredentialSources {
  readonly token: Token | undefined;
  readonly apiKey: string | undefined;
}

/** The header that says who calls, and the secret in it. */
interface Credential {
  readonly headers: Readonly<Record<string, string>>;
  readonly secret: string | undefined;
}

/** What a header can carry. Its own refusal would quote the secret. */
const sendable = /^[\x21-\x7e]+$/;

function checked(secret: string | undefined, rule: string): string {
  if (typeof secret !== 'string' || !sendable.test(secret)) throw new TypeError(rule);
  return secret;
}

/**
 * Gets what an operation takes to know who calls.
 *
 * @throws {TypeError} for a token or key that is missing or cannot be sent; what the token's function throws.
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
      const current = typeof token === 'function' ? await unlessAborted(signal, Promise.resolve(token())) : token;
      const secret = checked(current, 'The token must be visible ASCII characters, without the word "Bearer".');
      return { headers: { authorization: `Bearer ${secret}` }, secret };
    }
    case 'key': {
      const secret = checked(apiKey, 'The API key must be visible ASCII characters.');
      return { headers: { 'x-api-key': secret }, secret };
    }
  }
}
