// Schemas for single settings. Each error message states a rule. The service prints the rule after
// the name of the variable, and never prints the value.
import * as z from 'zod';

const utf8Bytes = (text: string) => new TextEncoder().encode(text).length;

/** Returns a schema for a decimal integer from `minimum` to `maximum`. */
export function integer(minimum: number, maximum: number) {
  const rule = `must be an integer from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error: rule, abort: true })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, { error: rule });
}

/** Returns a schema for one of the given words. */
export function oneOf<const Words extends [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `must be one of: ${words.join(', ')}` });
}

const separate = (line: string) => line.split(',');
const hasDuplicates = (list: readonly unknown[]) => new Set(list).size < list.length;

/** Comma-separated secrets. Each has at least 32 bytes. */
const secrets = z
  .string()
  .transform(separate)
  .refine((list) => list.every((secret) => secret.trim() === secret), {
    error: 'must have no white space around a secret (a trailing line break is the usual cause)',
    abort: true,
  })
  .refine((list) => list.every((secret) => utf8Bytes(secret) >= 32), {
    error: 'must be secrets of at least 32 bytes each, separated by commas',
  })
  .refine((list) => !hasDuplicates(list), {
    error: 'must not contain a secret twice',
  });

/**
 * Comma-separated HS256 secrets. Each must be at least as long as a SHA-256 hash, which has 32
 * bytes (RFC 7518, section 3.2).
 */
export const jwtSecrets = secrets;

/**
 * Comma-separated secrets that are sent in a header. They may contain only visible ASCII characters
 * (RFC 9110, section 5.5).
 */
export const headerSecrets = secrets.refine(
  (list) => list.every((secret) => /^[!-~]*$/.test(secret)),
  {
    error: 'must consist of visible ASCII characters, since each is sent in a header',
  },
);

/** A secret from which key ids are derived, and its version. */
export interface Pepper {
  /** Version of the pepper, which matches `[a-z0-9]{1,16}`. Stored with each key. */
  readonly version: string;
  /** The secret, at least 32 bytes. */
  readonly secret: Uint8Array;
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    return btoa(binary) === text
      ? Uint8Array.from(binary, (character) => character.charCodeAt(0))
      : undefined;
  } catch {
    return undefined;
  }
}

function parsePepper(pair: string): Pepper | undefined {
  const [, version, base64] = /^([a-z0-9]{1,16}):(.+)$/.exec(pair) ?? [];
  const secret = base64 === undefined ? undefined : decodeBase64(base64);
  return version === undefined || secret === undefined || secret.length < 32
    ? undefined
    : { version, secret };
}

/**
 * Comma-separated `VERSION:BASE64` pairs. The first pepper creates the ids of new keys. Keys whose
 * id was created under any of the peppers can be verified.
 */
export const keyPeppers = z
  .string()
  .transform((line) => separate(line).map(parsePepper))
  .refine((peppers): peppers is Pepper[] => !peppers.includes(undefined), {
    error:
      'must be VERSION:BASE64 pairs separated by commas, VERSION of 1 to 16 characters a-z or 0-9, BASE64 (padded) of at least 32 bytes',
    abort: true,
  })
  .refine((peppers) => !hasDuplicates(peppers.map((pepper) => pepper?.version)), {
    error: 'must not contain a version twice',
    abort: true,
  })
  // Under a second version, keys would have the same ids and never be rehashed.
  .refine((peppers) => !hasDuplicates(peppers.map((pepper) => String(pepper?.secret))), {
    error: 'must not contain a secret twice',
  });

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  // Compares the text as written, before URL normalization, because other rules check how the text
  // of the URL begins.
  const begins = protocols.some((protocol) => text.startsWith(`${protocol}//`));
  const url = begins && URL.canParse(text) ? new URL(text) : undefined;
  return url?.hostname ? url : undefined;
}

/** Returns a schema for an absolute URL with one of the given schemes. */
function url(protocols: readonly string[]) {
  return z.string().refine((text) => parseUrl(text, protocols) !== undefined, {
    error: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
    abort: true,
  });
}

/**
 * Reports whether a URL contains a username or a password. Returns false for text that is not a
 * URL.
 */
export function hasCredentials(text = ''): boolean {
  const { username = '', password = '' } = URL.parse(text) ?? {};
  return username !== '' || password !== '';
}

function isPercentEncoded(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}

/**
 * Reports whether the credentials of a URL are percent-encoded. An `@` after the host means that
 * they contain a character that ends the host: `/`, `?` or `#`.
 */
function hasEncodedCredentials({ username, password, pathname, search, hash }: URL): boolean {
  const afterHost = `${pathname}${search}${hash}`;
  return [username, password].every(isPercentEncoded) && !afterHost.includes('@');
}

/**
 * The URL of a Redis server. The client library would find other errors only when it connects, and
 * the service then counts in memory.
 */
export const redisUrl = url(['rediss:', 'redis:'])
  .refine((text) => hasEncodedCredentials(new URL(text)), {
    error:
      'must have a percent-encoded user name and password (write % as %25, / as %2F, ? as %3F, # as %23)',
    abort: true,
  })
  .refine((text) => /^(\/\d*)?$/.test(new URL(text).pathname), {
    error: 'must have no path other than the number of a database',
  })
  .refine((text) => !/[?#]/.test(text), { error: 'must not have a query or a fragment' });

/** Returns a schema for an absolute URL that contains no credentials, so that it can be logged. */
export function publicUrl(protocols: readonly string[]) {
  return url(protocols).refine((text) => !hasCredentials(text), {
    error: 'must not contain a user name or password',
  });
}

/**
 * Matches a URL path that begins with a placeholder that Microsoft Entra ID uses in place of a
 * tenant's id.
 */
const tenantPlaceholder = /^\/(common|organizations|consumers)(\/|$)/i;

/**
 * The issuer whose OpenID configuration is read, exactly as in the `iss` of its tokens. It is a URL
 * without query and fragment (OpenID Connect Discovery 1.0 section 3). A URL that stands for many
 * tenants is rejected, because the `issuer` in its configuration is not the `iss` of any token.
 */
export const oidcIssuer = publicUrl(['https:', 'http:'])
  .refine((text) => !/[?#]/.test(text), { error: 'must not have a query or a fragment' })
  .refine((text) => !/[{}<>*]|%7[BD]|%3[CE]/i.test(text), {
    error: 'must not contain a placeholder: it is the issuer of one tenant',
  })
  .refine((text) => !tenantPlaceholder.test(URL.parse(text)?.pathname ?? ''), {
    error:
      'must be the issuer of one tenant, with its id in place of common, organizations or consumers',
  });

/** Comma-separated origins, each exactly as browsers send it: scheme, host and port. */
export const origins = z
  .string()
  .transform((line) => separate(line).map((origin) => origin.trim()))
  .refine(
    (list) =>
      list.every(
        (origin) =>
          !origin.includes('*') && parseUrl(origin, ['http:', 'https:'])?.origin === origin,
      ),
    {
      error:
        'must be exact origins such as https://example.com separated by commas, without path, slash or wildcard',
    },
  );

/** Nonempty text without surrounding white space. */
export const plainText = z.string().refine((text) => text.trim() === text && text !== '', {
  error: 'must not have white space around it',
});

/**
 * Scopes separated by spaces (RFC 6749 section 3.3). They must include `openid`, without which the
 * issuer returns no ID token.
 */
export const openIdScope = z
  .string()
  .regex(/^[!#-[\]-~]+( [!#-[\]-~]+)*$/, { error: 'must be scopes separated by single spaces' })
  .refine((text) => text.split(' ').includes('openid'), {
    error: 'must contain the scope openid',
  });

/** One or more PEM certificates. */
export const pem = z
  .string()
  .refine(
    (text) => /^-----BEGIN CERTIFICATE-----\r?\n[\s\S]+-----END CERTIFICATE-----\s*$/.test(text),
    {
      error: 'must be a certificate in PEM',
    },
  );

/** `HOST:PORT` of an emulator, the format that Google's client libraries use. */
export const hostAndPort = z
  .string()
  .refine(
    (text) =>
      /^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(text) && URL.canParse(`http://${text}`),
    {
      error: 'must be HOST:PORT',
    },
  );

/** Reports whether a `HOST:PORT` address is a loopback address. */
export function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/.test(address);
}
