import { createHmac, type KeyObject, sign } from 'node:crypto';

/** Encodes a part of a token: JSON for objects, bytes and text as they are. */
export function encodePart(part: unknown): string {
  const raw = typeof part === 'string' || part instanceof Uint8Array ? part : JSON.stringify(part);
  return Buffer.from(raw as string).toString('base64url');
}

/** Signs with an HMAC whatever the header says, so that forgeries can be made which no library would. */
export function hmacToken(header: unknown, payload: unknown, secret: string | Buffer, hash = 'sha256'): string {
  const signed = `${encodePart(header)}.${encodePart(payload)}`;
  return `${signed}.${createHmac(hash, secret).update(signed).digest('base64url')}`;
}

/** Signs with a private key: RSA PKCS#1 v1.5 or ECDSA in the form of RFC 7518. */
export function signedToken(header: unknown, payload: unknown, key: KeyObject, hash = 'sha256'): string {
  const signed = `${encodePart(header)}.${encodePart(payload)}`;
  const signature = sign(hash, Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' });
  return `${signed}.${signature.toString('base64url')}`;
}

/** Another spelling of the same bytes: the last character of a signature of 32 or 64 bytes carries bits that mean nothing. */
export function respelled(part: string): string {
  const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
  return part.slice(0, -1) + alphabet[alphabet.indexOf(part.slice(-1)) ^ 1];
}
