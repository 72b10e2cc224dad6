import { tokenFor } from '@andamio/testing/tokens';
import { expect, test } from 'vitest';
import { andamio, startService } from './harness/cli.ts';
import { startServer } from './harness/front.ts';

const { url } = await startService();
const env = {
  ANDAMIO_URL: `${url}/api/v1`,
  ANDAMIO_TOKEN: tokenFor('alice', { tier: 'growth', alias: 'Alice' }),
};
const created = await andamio(['keys', 'create', 'main'], { env });
const key = created.stdout.trim();
const withKey = { ANDAMIO_URL: url, ANT_API_KEY: key };

test('verify accepts the key of ANT_API_KEY or of standard input, and prints its owner', async () => {
  const byVariable = await andamio(['verify'], { env: withKey });
  const byInput = await andamio(['verify', '--key-stdin'], {
    env: { ANDAMIO_URL: url },
    input: `${key}\n`,
  });
  for (const { code, stdout } of [byVariable, byInput]) {
    expect(code).toBe(0);
    expect(stdout).toMatch(/^Valid +yes\nName +main\nOwner +alice\nTier +growth\n/);
  }
  const { stdout } = await andamio(['verify', '--json'], { env: withKey });
  expect(JSON.parse(stdout)).toMatchObject({ valid: true, user_id: 'alice', name: 'main' });
});

test('verify exits with 1 for a key that is not valid, and for a mistyped one without a request', async () => {
  const { stdout } = await andamio(['keys', 'create', 'gone', '--json'], { env });
  await andamio(['keys', 'delete', 'gone', '--yes'], { env });
  const deleted = JSON.parse(stdout).api_key as string;
  expect(await andamio(['verify'], { env: { ...withKey, ANT_API_KEY: deleted } })).toEqual({
    code: 1,
    stdout: 'Valid  no\n',
    stderr: '',
  });
  const mistyped = { ANDAMIO_URL: 'http://127.0.0.1:1', ANT_API_KEY: `${key.slice(0, -1)}!` };
  const { code, stderr } = await andamio(['verify'], { env: mistyped });
  expect({ code, stderr }).toEqual({
    code: 1,
    stderr: 'ANT_API_KEY does not contain a key, or the key is mistyped: its checksum is wrong.\n',
  });
});

test('whoami uses the token, or else the key', async () => {
  const byToken = await andamio(['whoami'], { env });
  expect(byToken.stdout).toMatch(
    /^User +alice \(Alice\)\nTier +growth\nKeys +1 active, 0 expired\n/,
  );
  const byKey = await andamio(['whoami', '--json'], { env: withKey });
  expect(JSON.parse(byKey.stdout)).toEqual({
    url,
    credential: 'key',
    user_id: 'alice',
    tier: 'growth',
    key_name: 'main',
  });
});

test('usage shows the requests against the quotas, and --days those of each day and key', async () => {
  const { stdout } = await andamio(['usage'], { env });
  expect(stdout).toMatch(/^ +USED +LIMIT +REMAINING\nToday +\d+ +\d+ +\d+\nThis month +\d+ /);
  expect(stdout).toMatch(/\nTier growth, at most \d+ req\/min/);
  const daily = await andamio(['usage', '--days', '2', '--json'], { env });
  expect(JSON.parse(daily.stdout).usage).toMatchObject([{ api_key_name: 'main' }]);
  const today = new Date().toISOString().slice(0, 7);
  const table = await andamio(['usage', '--days', '366'], { env });
  expect(table.stdout).toMatch(new RegExp(`^DAY +NAME +REQUESTS\n${today}-\\d\\d +main +\\d+\n$`));
});

test.each(['Sun, 06 Nov 2033 08:49:37 GMT', 'Sun, 06 Nov 1994 08:49:37 GMT'])(
  "usage --days shows the days by the service's clock, which says %s",
  async (date) => {
    const today = new Date(date).toISOString().slice(0, 10);
    const front = await startServer(({ body }, response) => {
      const { start_date, end_date } = JSON.parse(body) as Record<string, string>;
      const usage = [{ date: today, api_key_name: 'main', requests: 1 }];
      const isAsked = start_date === today && end_date === today;
      response.writeHead(200, { date, 'content-type': 'application/json' });
      response.end(JSON.stringify({ usage: isAsked ? usage : [] }));
    });
    const { code, stdout } = await andamio(['usage', '--days', '1', '--url', front.url], { env });
    expect({ code, stdout }).toEqual({
      code: 0,
      stdout: `DAY         NAME  REQUESTS\n${today}  main  1\n`,
    });
    expect(front.received).toHaveLength(2);
  },
);
