import { claimPath } from '../src/auth/claim-path.ts';
import type { CompleteSettings } from '../src/process/development-secrets.ts';

type JwtSettings = CompleteSettings['jwt'];
type Payload = Record<string, unknown>;

/**
 * Sets a claim, given its literal name or a JSON Pointer. Does nothing if the value is undefined.
 */
function setClaim(payload: Payload, name: string, value: unknown): void {
  if (value === undefined) return;
  const path = [...claimPath(name)];
  const last = path.pop() as string;
  let parent = payload;
  for (const member of path) {
    parent[member] ??= {};
    parent = parent[member] as Payload;
  }
  parent[last] = value;
}

/** The claims of a token, named by their meaning. */
interface SampleClaims {
  readonly sub: string;
  readonly tier?: string | undefined;
  readonly scope?: string | undefined;
  readonly alias?: string | undefined;
}

/**
 * Returns the payload of a token that the service accepts under the given settings. Each claim has
 * the name that the settings give it, and each required claim has the first of its accepted values.
 */
export function sampleClaims(
  { issuers, audiences, claims: names }: JwtSettings,
  { sub, tier, scope, alias }: SampleClaims,
): Payload {
  const payload: Payload = {};
  for (const { name, values, isExcluded } of names.required)
    if (!isExcluded) setClaim(payload, name, values[0]);
  setClaim(payload, 'iss', issuers?.[0]);
  setClaim(payload, names.audience, audiences?.[0]);
  setClaim(payload, names.tier, tier);
  setClaim(payload, names.scope, scope);
  setClaim(payload, names.alias, alias);
  setClaim(payload, names.subject, sub);
  return payload;
}
