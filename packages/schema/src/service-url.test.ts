import { expect, test } from 'vitest';
import { serviceUrl } from './service-url.ts';

test.each([
  ['https://api.example', 'https://api.example/'],
  ['https://api.example/', 'https://api.example/'],
  ['https://api.example/api/v1', 'https://api.example/'],
  ['https://api.example/api/v1/', 'https://api.example/'],
  ['https://api.example/gateway/', 'https://api.example/gateway'],
  ['https://api.example/gateway/api/v1', 'https://api.example/gateway'],
  ['https://api.example/api/v11', 'https://api.example/api/v11'],
])('reads %s as %s', (value, expected) => {
  expect(serviceUrl('baseUrl', value, 'keys').href).toBe(expected);
  expect(serviceUrl('baseUrl', new URL(value), 'keys').href).toBe(expected);
});

test('does not change the URL object of the caller', () => {
  const url = new URL('https://api.example/api/v1');
  serviceUrl('baseUrl', url, 'keys');
  expect(url.href).toBe('https://api.example/api/v1');
});

test('names the option and the rule, and does not quote the URL', () => {
  expect(() => serviceUrl('verify', 'https://user:password@host', 'API keys')).toThrow(
    /^verify must be an https URL without credentials, query or fragment\.$/,
  );
  expect(() => serviceUrl('verify', 'http://host', 'API keys')).toThrow(
    'verify must begin with https:, because API keys are sent there.',
  );
});
