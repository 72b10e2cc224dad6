import { waitFor } from '@andamio/testing/wait-for';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { type Github, githubKey, sendAlerts, startGithub } from '../harness/github.ts';

const minute = 60_000;
const hour = 60 * minute;
const signer = githubKey();

describe("GitHub's public keys", () => {
  let github: Github;
  let app: TestApp;
  let clock: number;
  beforeEach(async () => {
    clock = 0;
    github = await startGithub(signer);
    app = await startApp({ githubKeysUrl: github.url, monotonicNow: () => clock });
  });
  afterEach(async () => {
    await app.close();
    await github.close();
  });

  const statusOf = async (key = signer) => (await sendAlerts(app.url, [], key)).status;

  test("fetches GitHub's keys once for many messages, including concurrent ones", async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => statusOf()))).toEqual(
      Array(20).fill(200),
    );
    clock = hour / 2;
    expect(await statusOf()).toBe(200);
    expect(github.fetches()).toBe(1);
  });

  test("fetches GitHub's keys at most once a minute for unknown identifiers", async () => {
    for (clock = 0; clock < 5 * minute; clock += 2_000) {
      expect(await statusOf(githubKey())).toBe(clock % minute === 0 ? 401 : 500);
    }
    expect(github.fetches()).toBe(5);
    expect(await statusOf()).toBe(200);
  });

  test('responds with 500, not 401, to an unknown identifier within a minute of the last fetch', async () => {
    expect(await statusOf(githubKey()), 'a made-up identifier').toBe(401);
    const next = githubKey();
    github.publish(next);
    clock = 1;
    const refusal = await sendAlerts(app.url, [], next);
    expectError(refusal, 500, 'signing_keys_unavailable');
    const requestId = refusal.headers.get('x-request-id');
    expect(refusal.body['details']).toContain(`Request id: ${requestId}.`);
    const logLine = () => app.logged.find((line) => line.includes(`${requestId}`));
    await expect.poll(logLine).toContain('"severity":"INFO"');
    clock = minute;
    expect(await statusOf(next), 'the repeated message').toBe(200);
  });

  test('rejects all messages after GitHub publishes an empty list', async () => {
    expect(await statusOf()).toBe(200);
    github.publish();
    clock = hour + 1;
    expect(await statusOf()).toBe(401);
  });

  test('accepts a new key of GitHub within a minute and rejects a withdrawn one', async () => {
    expect(await statusOf()).toBe(200);
    const next = githubKey();
    github.publish(next);
    clock = minute;
    expect(await statusOf(next)).toBe(200);
    expect(await statusOf()).toBe(401);
  });

  test("refreshes GitHub's keys in the background within an hour while messages arrive", async () => {
    expect(await statusOf()).toBe(200);
    github.publish(githubKey());
    clock = hour - minute;
    expect(await statusOf(), 'the old set until the new one is fetched').toBe(200);
    await waitFor('the new set', async () => (await statusOf()) === 401);
    expect(github.fetches()).toBe(2);
  });

  test('rejects a withdrawn key of GitHub after an hour, even for the first message after a pause', async () => {
    expect(await statusOf()).toBe(200);
    github.publish(githubKey());
    clock = hour + 1;
    expect(await statusOf()).toBe(401);
  });

  test.each<[string, () => void]>([
    ['fails', () => (github.mode = 'fails')],
    ['redirects', () => (github.mode = 'redirects')],
    ['returns another object', () => (github.answer = { keys: [] })],
    ['returns a string', () => (github.answer = 'hello')],
  ])('responds with 500, not 401, while the URL of the keys %s', async (_what, break_) => {
    const { answer } = github;
    break_();
    const refusal = await sendAlerts(app.url, [], signer);
    expectError(refusal, 500, 'signing_keys_unavailable');
    expect(refusal.body['details']).not.toContain(github.url);
    Object.assign(github, { mode: 'ok', answer });
    clock = minute;
    expect(await statusOf()).toBe(200);
  });

  test('responds with 500 within 10 s while the URL of the keys hangs', async () => {
    github.mode = 'hangs';
    const startedAt = Date.now();
    expect(await statusOf()).toBe(500);
    expect(Date.now() - startedAt).toBeLessThan(10_000);
  });

  test("keeps using GitHub's keys for a day while fetches fail", async () => {
    expect(await statusOf()).toBe(200);
    github.mode = 'fails';
    clock = 2 * hour;
    expect(await statusOf()).toBe(200);
    clock = 24 * hour;
    expect(await statusOf()).toBe(200);
    expect(await statusOf(githubKey())).toBe(500);
    clock = 24 * hour + 1;
    expect(await statusOf(), 'after more than a day').toBe(500);
  });

  test("ignores invalid entries among GitHub's keys", async () => {
    github.answer = {
      public_keys: [
        null,
        { key_identifier: 5, key: null },
        { key_identifier: 'a', key: 'no key', is_current: true },
        {
          key_identifier: signer.identifier,
          key: signer.publicKey.export({ format: 'pem', type: 'spki' }),
          is_current: false,
        },
      ],
    };
    expect(await statusOf()).toBe(200);
    expect(await statusOf({ ...signer, identifier: 'a' })).toBe(401);
  });
});
