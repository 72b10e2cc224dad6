import { mutationOf } from './shared.ts';

/** Mutates all of the domain that is not excluded here, so that a new operation is mutated. */
export default mutationOf('decisions', [
  'packages/keys/src/**/*.ts',
  '!packages/keys/src/**/*.test.ts',
  // Reads.
  '!packages/keys/src/{key-use,list,list-page,page-token,peppers}.ts',
  // Usage.
  '!packages/keys/src/usage/**',
  // Work in the background, caches, and what surrounds the decisions.
  '!packages/keys/src/{known-tiers,outage-warning,paced-lookups,rehashing,revoke-leaked}.ts',
  '!packages/keys/src/{administration,cache-invalidation,secret,set-up,store}.ts',
]);
