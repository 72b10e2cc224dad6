import * as z from 'zod';

/**
 * The form of each setting by itself, one small schema each. The messages are rules: they are printed behind the
 * variable's name, and the value that was given never is.
 */

const utf8Bytes = (text: string) => new TextEncoder().encode(text).length;

/** An integer in decimal digits within bounds. */
export function integer(minimum: number, maximum: number) {
  const rule = `must be an integer from ${minimum} to ${maximum}`;
  return z
    .string()
    .regex(/^\d{1,9}$/, { error: rule, abort: true })
    .transform(Number)
    .refine((value) => value >= minimum && value <= maximum, { error: rule });
}

/** One of a closed list of words. */
export function oneOf<const Words extends [string, ...string[]]>(words: Words) {
  return z.enum(words, { error: `must be one of: ${words.join(', ')}` });
}

const separate = (line: string) => line.split(',');

/** Secrets of at least 32 bytes each, separated by commas. */
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
  .refine((list) => new Set(list).size === list.length, { error: 'must not name a secret twice' });

/** Secrets of HS256. RFC 7518 section 3.2 requires at least the 32 bytes of the hash. */
export const jwtSecrets = secrets;

/** Secrets that callers send in a header, whose values are visible ASCII characters (RFC 9110 section 5.5). */
export const headerSecrets = secrets.refine((list) => list.every((secret) => /^[!-~]*$/.test(secret)), {
  error: 'must consist of visible ASCII characters, since each is sent in a header',
});

/** A versioned secret that keys are digested under. */
export interface Pepper {
  /** `[a-z0-9]{1,16}`; stored beside each digest. */
  readonly version: string;
  /** At least 32 bytes. */
  readonly secret: Uint8Array;
}

function decodeBase64(text: string): Uint8Array | undefined {
  try {
    const binary = atob(text);
    return btoa(binary) === text ? Uint8Array.from(binary, (character) => character.charCodeAt(0)) : undefined;
  } catch {
    return undefined;
  }
}

function parsePepper(pair: string): Pepper | undefined {
  const [, version, base64] = /^([a-z0-9]{1,16}):(.+)$/.exec(pair) ?? [];
  const secret = base64 === undefined ? undefined : decodeBase64(base64);
  return version === undefined || secret === undefined || secret.length < 32 ? undefined : { version, secret };
}

/** `VERSION:BASE64` pairs, separated by commas; the first makes new keys, all verify. */
export const keyPeppers = z
  .string()
  .transform((line) => separate(line).map(parsePepper))
  .refine((peppers): peppers is Pepper[] => !peppers.includes(undefined), {
    error:
      'must be VERSION:BASE64 pairs separated by commas, VERSION of 1 to 16 characters a-z or 0-9, BASE64 (padded) of at least 32 bytes',
    abort: true,
  })
  .refine((peppers) => new Set(peppers.map((pepper) => pepper?.version)).size === peppers.length, {
    error: 'must not name a version twice',
  });

function parseUrl(text: string, protocols: readonly string[]): URL | undefined {
  // As written, not as parsed: rules that look at how the text begins must not be passed by another spelling of it.
  const begins = protocols.some((protocol) => text.startsWith(`${protocol}//`));
  const url = begins && URL.canParse(text) ? new URL(text) : undefined;
  return url?.hostname ? url : undefined;
}

/** An absolute URL of one of the given schemes. */
export function url(protocols: readonly string[]) {
  return z.string().refine((text) => parseUrl(text, protocols) !== undefined, {
    error: `must be a URL that begins with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`,
  });
}

/** Reports whether a URL carries a user name or a password. Text that is no URL carries none. */
export function hasCredentials(text = ''): boolean {
  const { username = '', password = '' } = URL.parse(text) ?? {};
  return username !== '' || password !== '';
}

/** The same, of something public: what stands in such a URL may be logged. */
export function publicUrl(protocols: readonly string[]) {
  return url(protocols).refine((text) => !hasCredentials(text), { error: 'must not hold a user name or a password' });
}

/** Exact origins separated by commas, as a browser sends them: scheme, host and port, nothing behind. */
export const origins = z
  .string()
  .transform((line) => separate(line).map((origin) => origin.trim()))
  .refine(
    (list) => list.every((origin) => !origin.includes('*') && parseUrl(origin, ['http:', 'https:'])?.origin === origin),
    {
      error: 'must be exact origins such as https://example.com separated by commas, without path, slash or wildcard',
    },
  );

/** Text that is not blank and has no white space around it. */
export const plainText = z.string().refine((text) => text.trim() === text && text !== '', {
  error: 'must not have white space around it',
});

/** One or more certificates in PEM. */
export const pem = z
  .string()
  .refine((text) => /^-----BEGIN CERTIFICATE-----\r?\n[\s\S]+-----END CERTIFICATE-----\s*$/.test(text), {
    error: 'must be a certificate in PEM',
  });

/** `host:port` of an emulator, as Google's SDKs know it. */
export const hostAndPort = z
  .string()
  .refine((text) => /^(\[[0-9a-f:]+\]|[A-Za-z0-9.-]+):\d{1,5}$/.test(text) && URL.canParse(`http://${text}`), {
    error: 'must be HOST:PORT',
  });

/** Says whether `host:port` names this machine alone. */
export function isLoopback(address: string): boolean {
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\]):\d+$/.test(address);
}
