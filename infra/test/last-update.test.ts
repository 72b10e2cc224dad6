import { expect, test } from 'vitest';
import type { Settings } from '../settings/stack-settings.ts';
import { imageProblems } from '../src/last-update.ts';
import { image } from './harness/settings.ts';

const place = {
  project: 'documented-project',
  region: 'us-central1',
  service: 'andamio-api',
  database: 'andamio-api',
};
const attestor = 'projects/documented-project/attestors/andamio-built';
/** The last update of a release, which has the candidate `2` beside the running image `1`. */
const last = { place, image: image('2'), stableImage: image('1'), attestor };

const keysOf = (lastUpdate: typeof last | object, settings: Partial<Settings>) =>
  imageProblems(
    {
      place: undefined,
      image: undefined,
      stableImage: undefined,
      attestor: undefined,
      mainProvider: undefined,
      signingKey: undefined,
      ...lastUpdate,
    },
    settings as Settings,
  ).map(({ key }) => key);

test('an update must not replace the running image by another one', () => {
  expect(keysOf(last, { image: image('3') })).toEqual(['image']);
});

test.each<[string, object, Partial<Settings>]>([
  ['the running image', last, { image: image('1') }],
  ['the candidate, which then receives the traffic', last, { image: image('2') }],
  ['a new candidate beside a stable revision', last, { image: image('3'), stableRevision: 'one' }],
  ['the first image of a new or destroyed stack', {}, { image: image('3') }],
  [
    'another image of a stack without attestation',
    { ...last, attestor: undefined },
    { image: image('3') },
  ],
  ['no image, which the stack builds', last, {}],
])('an update may have %s', (_, lastUpdate, settings) => {
  expect(keysOf(lastUpdate, settings)).toEqual([]);
});
