import { createHash } from 'node:crypto';

/** The place at which a page of an owner's keys ended. */
export interface PageEnd {
  /** The name of the last key of the page. */
  readonly name: string;
  /**
   * The serial of the only secret of this name that the page contains. Undefined if the page
   * contains all secrets of the name.
   */
  readonly serial?: string | undefined;
}

const checksumBytes = 12;

const checksumOf = (userId: string, content: string) =>
  createHash('sha256')
    .update(JSON.stringify([userId, content]))
    .digest()
    .subarray(0, checksumBytes);

/**
 * Returns the token for the page after the given place. The checksum detects tokens that were
 * changed or belong to another owner. It needs no secret: with a forged token, users could only
 * choose a place in their own list.
 */
export function pageToken(userId: string, { name, serial }: PageEnd): string {
  const content = JSON.stringify(serial === undefined ? [name] : [name, serial]);
  return Buffer.concat([checksumOf(userId, content), Buffer.from(content)]).toString('base64url');
}

/**
 * Parses the content of a token. It is checked even though the checksum is right, because users can
 * compute the checksum of any content.
 */
function endIn(content: string): PageEnd | undefined {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return undefined;
  }
  if (!Array.isArray(value)) return undefined;
  const [name, serial] = value as unknown[];
  if (typeof name !== 'string') return undefined;
  return serial === undefined || typeof serial === 'string' ? { name, serial } : undefined;
}

/** Returns the place in a token, or undefined if the token is not valid for this owner. */
export function parsePageToken(userId: string, token: string): PageEnd | undefined {
  const bytes = Buffer.from(token, 'base64url');
  const content = bytes.subarray(checksumBytes).toString();
  const isValid =
    bytes.toString('base64url') === token &&
    checksumOf(userId, content).equals(bytes.subarray(0, checksumBytes));
  if (!isValid) return undefined;
  return endIn(content);
}
