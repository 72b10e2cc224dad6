import { describe, expect, test } from 'vitest';
import { createClient } from './index.ts';

describe('baseUrl', () => {
  test.each([
    'https://api.example',
    'https://api.example/gateway/',
    'http://localhost:8080',
    'http://LOCALHOST',
    'http://127.0.0.1:8080',
    'http://127.1',
    'http://0x7f.0.0.1',
    'http://2130706433',
    'http://127.8.9.10',
    'http://[::1]:8080',
    'http://[0:0:0:0:0:0:0:1]',
  ])('baseUrl may be %s', (baseUrl) => {
    expect(() => createClient({ baseUrl })).not.toThrow();
    expect(() => createClient({ baseUrl: new URL(baseUrl) })).not.toThrow();
  });

  test.each([
    'http://api.example',
    'HTTP://api.example',
    'http:api.example',
    'http://127.0.0.1.example',
    'http://localhost.example',
    'http://localhost@api.example',
    'http://10.0.0.1',
    'http://0.0.0.0',
    'http://[::]',
    'http://[::ffff:10.0.0.1]',
    'http://192.168.127.1',
    'ftp://localhost',
    'localhost:8080',
  ])('baseUrl must not be %s, because tokens and keys would be sent unencrypted', (baseUrl) => {
    expect(() => createClient({ baseUrl })).toThrow(/^baseUrl must be(gin with)? (an )?https/);
  });
});
