import { describe, expect, test } from 'vitest';
import { type ApiKeyGuardOptions, apiKeyGuard } from './index.ts';

const digestKeys = `a:${Buffer.alloc(32).toString('base64')}`;
const firestore = { project: 'project' };

describe('invalid options', () => {
  test.each<[string, object, string]>([
    ['neither verify nor firestore', {}, 'Either verify or firestore must be set.'],
    ['text that is not a URL', { verify: 'host' }, 'verify must be an https URL'],
    ['another protocol', { verify: 'ftp://host' }, 'verify must be an https URL'],
    ['a query', { verify: 'https://host?key=1' }, 'verify must be an https URL'],
    ['a remote host without TLS', { verify: 'http://host' }, 'verify must begin with https:'],
    [
      'a remote host that begins like a loopback address',
      { verify: 'http://127.0.0.1.example' },
      'verify must begin with https:',
    ],
    [
      'the unspecified address without TLS',
      { verify: 'http://0.0.0.0' },
      'verify must begin with https:',
    ],
    [
      'an IPv4-mapped address without TLS',
      { verify: 'http://[::ffff:10.0.0.1]' },
      'verify must begin with https:',
    ],
    [
      'a service for reports without TLS',
      { firestore, digestKeys, verify: 'http://h' },
      'verify must begin with https:',
    ],
    [
      'a short secret',
      { verify: 'https://host', guardSecret: 'x'.repeat(31) },
      'guardSecret must be one of',
    ],
    ['an empty secret', { verify: 'https://host', guardSecret: '' }, 'guardSecret must be one of'],
    [
      'a list of secrets',
      { verify: 'https://host', guardSecret: `${'x'.repeat(32)},${'y'.repeat(32)}` },
      'guardSecret must be one of',
    ],
    [
      'a secret with a line break',
      { verify: 'https://host', guardSecret: `${'x'.repeat(32)}\n` },
      'guardSecret must be one of',
    ],
    [
      'a timeout of zero',
      { verify: 'https://host', timeoutMs: 0 },
      'timeoutMs must be an integer from 1',
    ],
    [
      'a fractional timeout',
      { verify: 'https://host', timeoutMs: 0.5 },
      'timeoutMs must be an integer from 1',
    ],
    ['no project', { firestore: {}, digestKeys }, 'firestore.project must be the id of a project'],
    ['no digest keys', { firestore }, 'digestKeys must be VERSION:BASE64 pairs'],
    [
      'a cache time beyond 10 seconds',
      { firestore, digestKeys, cacheSeconds: 11 },
      'cacheSeconds must be an integer from 1 to 10',
    ],
    [
      'an empty URL of the service',
      { firestore, digestKeys, verify: '' },
      'verify must be an https URL',
    ],
  ])('apiKeyGuard throws for %s', (_what, options, message) => {
    expect(() => apiKeyGuard(options as ApiKeyGuardOptions)).toThrow(message);
  });
});

test.each([
  'http://localhost:8080',
  'http://127.1',
  'http://0x7f.0.0.1',
  'http://[::1]:8080',
  'http://[0:0:0:0:0:0:0:1]',
])('accepts a loopback service without TLS: %s', async (verify) => {
  await apiKeyGuard({ verify }).close();
});
