import { describe, expect, test } from 'vitest';
import { type ApiKeyGuardOptions, apiKeyGuard } from './index.ts';

const digestKeys = `a:${Buffer.alloc(32).toString('base64')}`;
const firestore = { project: 'project' };

describe('options that cannot be are told at once', () => {
  test.each<[string, object, string]>([
    ['neither way', {}, 'Either verify or firestore must be set.'],
    ['no URL', { verify: 'host' }, 'verify must be an https URL'],
    ['another protocol', { verify: 'ftp://host' }, 'verify must be an https URL'],
    ['a query', { verify: 'https://host?key=1' }, 'verify must be an https URL'],
    ['a host elsewhere without TLS', { verify: 'http://host' }, 'verify must begin with https:'],
    ['a host that begins like loopback', { verify: 'http://127.0.0.1.example' }, 'verify must begin with https:'],
    ['all addresses without TLS', { verify: 'http://0.0.0.0' }, 'verify must begin with https:'],
    ['a mapped address without TLS', { verify: 'http://[::ffff:10.0.0.1]' }, 'verify must begin with https:'],
    [
      'a service to report to without TLS',
      { firestore, digestKeys, verify: 'http://h' },
      'verify must begin with https:',
    ],
    ['a short secret', { verify: 'https://host', guardSecret: 'x'.repeat(31) }, 'guardSecret must be one of'],
    ['an empty secret', { verify: 'https://host', guardSecret: '' }, 'guardSecret must be one of'],
    [
      'all secrets',
      { verify: 'https://host', guardSecret: `${'x'.repeat(32)},${'y'.repeat(32)}` },
      'guardSecret must be one of',
    ],
    ['a line break', { verify: 'https://host', guardSecret: `${'x'.repeat(32)}\n` }, 'guardSecret must be one of'],
    ['no time', { verify: 'https://host', timeoutMs: 0 }, 'timeoutMs must be an integer from 1'],
    ['half a millisecond', { verify: 'https://host', timeoutMs: 0.5 }, 'timeoutMs must be an integer from 1'],
    ['no project', { firestore: {}, digestKeys }, 'firestore.project must be the id of a project'],
    ['no digest keys', { firestore }, 'digestKeys must be VERSION:BASE64 pairs'],
    [
      'a cache that is too old',
      { firestore, digestKeys, cacheSeconds: 11 },
      'cacheSeconds must be an integer from 1 to 10',
    ],
    ['no service to report to', { firestore, digestKeys, verify: '' }, 'verify must be an https URL'],
  ])('%s', (_what, options, message) => {
    expect(() => apiKeyGuard(options as ApiKeyGuardOptions)).toThrow(message);
  });
});

test.each([
  'http://localhost:8080',
  'http://127.1',
  'http://0x7f.0.0.1',
  'http://[::1]:8080',
  'http://[0:0:0:0:0:0:0:1]',
])('a service on this machine may do without TLS: %s', async (verify) => {
  await apiKeyGuard({ verify }).close();
});
