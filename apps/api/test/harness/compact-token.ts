import { createHmac, type KeyObject, sign } from 'node:crypto';

/** Encodes one part of a token in base64url. An object is serialized to JSON first. */
export function encodePart(part: unknown): string {
  const raw = typeof part === 'string' || part instanceof Uint8Array ? part : JSON.stringify(part);
  return Buffer.from(raw as string).toString('base64url');
}

/** Creates a token with an HMAC signature. Unlike JWT libraries, it accepts any header. */
export function hmacToken(
  header: unknown,
  payload: unknown,
  secret: string | Buffer,
  hash = 'sha256',
): string {
  const signed = `${encodePart(header)}.${encodePart(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

/**
 * Creates a token with an RSA signature (PKCS#1 v1.5), an ECDSA signature in the format of RFC
 * 7518, or an EdDSA signature, which has no hash.
 */
export function signedToken(
  header: unknown,
  payload: unknown,
  key: KeyObject,
  hash = 'sha256',
): string {
  const signed = `${encodePart(header)}.${encodePart(payload)}`;
  const digest = key.asymmetricKeyType?.startsWith('ed') ? null : hash;
  const signature = sign(digest, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/**
 * Returns a different base64url encoding of the same bytes. The last character of 32 or 64 encoded
 * bytes has unused bits, one of which is flipped.
 */
export function nonCanonical(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.slice(-1)) ^ 1];
}
