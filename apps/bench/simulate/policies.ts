import { knownOwners, usageInterval } from '@andamio/keys/usage/meter';
import { sharedUsageInterval, sharedUsageRetention } from '@andamio/keys/usage/shared';
import { parseSettings } from '@andamio/schema/settings';
import { maximumValidEntries, refreshAfter } from '@andamio/verification/verify-key';
import type { Policy } from './demand.ts';
import type { InstancePolicy } from './instance.ts';
import type { SharedUsagePolicy } from './shared-usage.ts';

function defaultSettings() {
  const parsed = parseSettings({});
  if (!parsed.ok) throw new Error('The default settings of the service are invalid.');
  return parsed.settings;
}

/** The policy of an instance that has the default settings and counts usage alone. */
export const instancePolicy: InstancePolicy = {
  cachedKeys: maximumValidEntries,
  keyAge: defaultSettings().verifyCacheSeconds,
  refreshAfter,
  knownOwners,
  usageInterval: usageInterval / 1000,
};

/** The policy for usage that all instances count together in Redis. */
export const sharedUsagePolicy: SharedUsagePolicy = {
  interval: sharedUsageInterval / 1000,
  retention: sharedUsageRetention / 1000,
};

/** The policy of an instance that has the default settings and Redis. */
export const policyWithRedis: Policy = { ...instancePolicy, shared: sharedUsagePolicy };
