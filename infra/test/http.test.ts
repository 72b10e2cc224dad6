import { createServer, type RequestListener } from 'node:http';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { comment } from '../scripts/lib/github.ts';
import { callGoogle } from '../scripts/lib/google-api.ts';
import { call } from '../scripts/lib/http.ts';

/** Starts a server until the test finishes. Returns its URL. */
async function listen(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${port}`;
}

describe('a request of a script', () => {
  test('fails with the URL but not its query, and the reason, if nothing listens', async () => {
    await expect(call('http://127.0.0.1:2/path?secret')).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:2\/path cannot be called: .*ECONNREFUSED.*\.$/,
    );
  });

  test('fails if the body is incomplete at the timeout', async () => {
    const url = await listen((_, response) => void response.writeHead(200).write('{'));
    await expect(call(url, { timeout: 500 })).rejects.toThrow(
      `${url} cannot be called: no complete response within 0.5 s.`,
    );
  });

  test('to Google fails with the status if the response is no JSON', async () => {
    const url = await listen((_, response) => void response.writeHead(502).end('<html>'));
    await expect(callGoogle(url, 'token')).rejects.toThrow('Google responded with 502: no message');
  });

  test('to GitHub fails with the reason if nothing listens', async () => {
    vi.stubEnv('GITHUB_API_URL', 'http://127.0.0.1:2');
    vi.stubEnv('GITHUB_REPOSITORY', 'owner/name');
    vi.stubEnv('GITHUB_TOKEN', 'token');
    onTestFinished(() => void vi.unstubAllEnvs());
    await expect(comment('1', 'heading', 'text')).rejects.toThrow(
      /^http:\/\/127\.0\.0\.1:2\/repos\/owner\/name\/issues\/1\/comments cannot be called: .*ECONNREFUSED/,
    );
  });
});
