/** The member names that lead from a token's payload to a claim. */
export type ClaimPath = readonly [string, ...string[]];

/**
 * Returns the path of a claim. A name that begins with `/` is a JSON Pointer (RFC 6901), which the
 * settings have validated. Any other name is the literal name of a member of the payload.
 */
export function claimPath(name: string): ClaimPath {
  if (!name.startsWith('/')) return [name];
  // `~1` is decoded before `~0`, so that `~01` becomes `~1` (RFC 6901 section 4).
  const [first = '', ...more] = name
    .slice(1)
    .split('/')
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
  return [first, ...more];
}

/** Matches an index of a JSON array in a JSON Pointer (RFC 6901 section 4). */
const arrayIndex = /^(0|[1-9][0-9]*)$/;

/** Returns a member of a JSON value. Inherited properties such as `constructor` are not members. */
function member(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  if (Array.isArray(value) && !arrayIndex.test(name)) return undefined;
  return Object.hasOwn(value, name) ? (value as Record<string, unknown>)[name] : undefined;
}

/**
 * Returns the value of one claim in a payload, or undefined if the payload does not contain the
 * claim.
 */
export type ReadClaim = (payload: object) => unknown;

/** Creates a reader of one claim. The name has the form that {@link claimPath} accepts. */
export function claimReader(name: string): ReadClaim {
  const [first, ...more] = claimPath(name);
  if (more.length === 0) return (payload) => member(payload, first);
  return (payload) => more.reduce<unknown>(member, member(payload, first));
}
