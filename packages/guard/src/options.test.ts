import { describe, expect, test } from 'vitest';
import { type ApiKeyGuardOptions, apiKeyGuard } from './index.ts';

const digestKeys = `a:${Buffer.alloc(32).toString('base64')}`;
const firestore = { project: 'project' };

describe('options that cannot be are told at once', () => {
  test.each<[string, object, string]>([
    ['neither way', {}, 'Either verify or firestore must be set.'],
    ['no URL', { verify: 'host' }, 'verify must be an http or https URL'],
    ['another protocol', { verify: 'ftp://host' }, 'verify must be an http or https URL'],
    ['a query', { verify: 'https://host?key=1' }, 'verify must be an http or https URL'],
    ['no time', { verify: 'https://host', timeoutMs: 0 }, 'timeoutMs must be an integer from 1'],
    ['half a millisecond', { verify: 'https://host', timeoutMs: 0.5 }, 'timeoutMs must be an integer from 1'],
    ['no project', { firestore: {}, digestKeys }, 'firestore.project must be the id of a project'],
    ['no digest keys', { firestore }, 'digestKeys must be VERSION:BASE64 pairs'],
    [
      'a cache that is too old',
      { firestore, digestKeys, cacheSeconds: 11 },
      'cacheSeconds must be an integer from 1 to 10',
    ],
    ['no service to report to', { firestore, digestKeys, verify: '' }, 'verify must be an http or https URL'],
  ])('%s', (_what, options, message) => {
    expect(() => apiKeyGuard(options as ApiKeyGuardOptions)).toThrow(message);
  });
});
