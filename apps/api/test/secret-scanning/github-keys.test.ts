import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import { type Github, githubKey, sendAlerts, startGithub } from '../harness/github.ts';
import { waitFor } from '../harness/wait-for.ts';

const minute = 60_000;
const hour = 60 * minute;
const signer = githubKey();

describe('the keys that GitHub publishes', () => {
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

  test('are fetched once for many messages, also for those that come at once', async () => {
    expect(await Promise.all(Array.from({ length: 20 }, () => statusOf()))).toEqual(Array(20).fill(200));
    clock = hour / 2;
    expect(await statusOf()).toBe(200);
    expect(github.fetches()).toBe(1);
  });

  test('are fetched at most once a minute however many identifiers somebody makes up', async () => {
    for (clock = 0; clock < 5 * minute; clock += 2_000) {
      expect(await statusOf(githubKey())).toBe(clock % minute === 0 ? 401 : 500);
    }
    expect(github.fetches()).toBe(5);
    expect(await statusOf()).toBe(200);
  });

  test('are new ones where an unknown identifier cannot be looked for: that is a 500, never a refusal', async () => {
    expect(await statusOf(githubKey()), 'somebody makes up an identifier').toBe(401);
    const next = githubKey();
    github.publish(next);
    clock = 1;
    expectError(await sendAlerts(app.url, [], next), 500, 'signing_keys_unavailable');
    clock = minute;
    expect(await statusOf(next), 'GitHub sends it again').toBe(200);
  });

  test('are withdrawn when GitHub publishes an empty list', async () => {
    expect(await statusOf()).toBe(200);
    github.publish();
    clock = hour + 1;
    expect(await statusOf()).toBe(401);
  });

  test('may change: one that is new works within a minute, one that is gone ends within the hour', async () => {
    expect(await statusOf()).toBe(200);
    const next = githubKey();
    github.publish(next);
    clock = minute;
    expect(await statusOf(next)).toBe(200);
    expect(await statusOf()).toBe(401);
  });

  test('are asked for again within the hour, while messages go on', async () => {
    expect(await statusOf()).toBe(200);
    github.publish(githubKey());
    clock = hour - minute;
    expect(await statusOf(), 'the old set is used until the new one is here').toBe(200);
    await waitFor('the new set', async () => (await statusOf()) === 401);
    expect(github.fetches()).toBe(2);
  });

  test('end with the hour where they are gone, also for the first message after a pause', async () => {
    expect(await statusOf()).toBe(200);
    github.publish(githubKey());
    clock = hour + 1;
    expect(await statusOf()).toBe(401);
  });

  test.each<[string, () => void]>([
    ['fails', () => (github.mode = 'fails')],
    ['sends elsewhere', () => (github.mode = 'redirects')],
    ['answers something else', () => (github.answer = { keys: [] })],
    ['answers no object', () => (github.answer = 'hello')],
  ])('an address that %s is a reason to send the message again, and no refusal', async (_what, break_) => {
    const { answer } = github;
    break_();
    const refusal = await sendAlerts(app.url, [], signer);
    expectError(refusal, 500, 'signing_keys_unavailable');
    expect(refusal.body['details']).not.toContain(github.url);
    Object.assign(github, { mode: 'ok', answer });
    clock = minute;
    expect(await statusOf()).toBe(200);
  });

  test('an address that never answers is given up within 10 s', async () => {
    github.mode = 'hangs';
    const begun = Date.now();
    expect(await statusOf()).toBe(500);
    expect(Date.now() - begun).toBeLessThan(10_000);
  });

  test('that are known go on while the address fails', async () => {
    expect(await statusOf()).toBe(200);
    github.mode = 'fails';
    clock = 2 * hour;
    expect(await statusOf()).toBe(200);
    clock = 24 * hour;
    expect(await statusOf()).toBe(200);
    expect(await statusOf(githubKey())).toBe(500);
    clock = 24 * hour + 1;
    expect(await statusOf(), 'not for longer than a day').toBe(500);
  });

  test('may have some among them that are none: the others work', async () => {
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
