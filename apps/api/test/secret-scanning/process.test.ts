import { makeKey } from '@andamio/schema/key-format';
import { logEvents } from '@andamio/schema/log-events';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { getUser, requestKey } from '@andamio/testing/service-requests';
import { afterEach, expect, test } from 'vitest';
import { alertOf, githubKey, sendAlerts, startGithub } from '../harness/github.ts';

let service: TestProcess | undefined;
afterEach(() => service?.signal('SIGKILL'));

test('the built service accepts alerts with GITHUB_SECRET_SCANNING_KEYS_URL, and prints no token', async () => {
  const signer = githubKey();
  const github = await startGithub(signer);
  service = await startProcess({ GITHUB_SECRET_SCANNING_KEYS_URL: github.url, LOG_LEVEL: 'trace' });
  const { body } = await requestKey(service.url, { api_key_name: 'leaked' });
  const [leaked, unknown] = [body['api_key'] as string, makeKey()];
  const answer = await sendAlerts(service.url, [alertOf(leaked), alertOf(unknown)], signer);
  expect(answer.body).toMatchObject([{ label: 'true_positive' }, { label: 'false_positive' }]);
  expect((await getUser(service.url)).body['active_keys']).toEqual([]);
  const stranger = { ...githubKey(), identifier: signer.identifier };
  expect((await sendAlerts(service.url, [alertOf(unknown)], stranger)).status).toBe(401);

  await service.stop();
  await github.close();
  expect(service.output()).toContain(logEvents.leakedKeysRevoked.event);
  for (const token of [leaked, unknown]) expect(service.output()).not.toContain(token.slice(8));
});
