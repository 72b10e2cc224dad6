import { userInfo } from 'node:os';
import { createDigester } from '@andamio/verification/digest';
import { describe, expect, inject, test } from 'vitest';
import { startWorkplace, type Workplace } from '../harness/admin.ts';
import { expectError } from '../harness/expect-error.ts';
import { processPepper } from '../harness/process.ts';
import { deleteKey, getUser, requestKey, rollKey } from '../harness/request-key.ts';
import { jwtSecret, tokenFor } from '../harness/tokens.ts';
import { waitFor } from '../harness/wait-for.ts';

const kinds = ['SQLite', ...(inject('emulatorHost') === undefined ? [] : (['Firestore'] as const))] as const;
if (kinds.length === 1) test.skip('the operators’ tool on Firestore', () => {});

const as = (sub: string) => ({ token: tokenFor(sub, { tier: 'growth' }) });

async function issue({ service }: Workplace, user: string, name: string): Promise<string> {
  const { status, body } = await requestKey(service.url, { api_key_name: name }, as(user));
  expect(status).toBe(200);
  return body['api_key'] as string;
}

async function statusOf({ service }: Workplace, key: string): Promise<number> {
  return (await fetch(`${service.url}/api/v1/apikey/verify`, { headers: { 'x-api-key': key } })).status;
}

const refused = (workplace: Workplace, key: string) =>
  waitFor('the key to be refused', async () => (await statusOf(workplace, key)) === 401);

/** What the audit log says, the oldest first, beside what users did themselves. */
async function auditOf({ read }: Workplace) {
  const entries = ((await read())['audit'] ?? []).filter(({ actor_kind }) => actor_kind !== 'user');
  return entries.toSorted((one, other) => Number(one['at']) - Number(other['at']));
}

describe.each(kinds)('admin.js beside a running service on %s', (kind) => {
  test('list shows what a user has: its keys by their digests, masked, and those in their grace', async () => {
    const workplace = await startWorkplace(kind);
    const first = await issue(workplace, 'alice', 'first');
    const rolled = await rollKey(workplace.service.url, { api_key_name: 'first' }, as('alice'));
    await issue(workplace, 'alice', 'second');

    const listed = await workplace.json(['list', '--user', 'alice']);
    const { body } = await getUser(workplace.service.url, as('alice'));
    expect(listed).toMatchObject({
      outcome: 'found',
      user_id: 'alice',
      tier: 'growth',
      suspended: false,
      created_at: body['created_at'],
    });
    const keys = listed['keys'] as Record<string, string>[];
    const masked = (key: string) => `${key.slice(0, 8)}${'x'.repeat(36)}`;
    expect(keys).toHaveLength(3);
    expect(keys).toContainEqual({
      id: expect.stringMatching(/^[0-9a-f]{64}$/),
      name: 'first',
      api_key: masked(first),
      state: 'superseded',
      created_at: expect.any(String),
      expires_at: rolled.body['previous_expires_at'],
      pepper_version: 'test',
    });
    expect(keys.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
      'first active',
      'first superseded',
      'second active',
    ]);

    const { code, stdout } = await workplace.run(['list', '--user', 'alice']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^alice: growth, since \d{4}-\S+Z\nstate {7}key {7}expires {15}digest {60}name\n/);
    expect(stdout.match(/^active .* second$/m)).not.toBeNull();
    for (const { id } of keys) expect(stdout).toContain(id);
  });

  test('revoke ends the key that it reads from standard input, and the service refuses it', async () => {
    const workplace = await startWorkplace(kind);
    const key = await issue(workplace, 'alice', 'leaked');
    const other = await issue(workplace, 'alice', 'other');
    expect(await statusOf(workplace, key)).toBe(200);

    const wish = ['revoke', '--key-stdin', '--by', 'olga', '--reason', 'found on a page'];
    const outcome = await workplace.json(wish, { input: `${key}\n` });
    expect(outcome).toEqual({
      outcome: 'revoked',
      keys: [{ id: expect.any(String), user_id: 'alice', name: 'leaked' }],
    });
    await refused(workplace, key);
    expect(await statusOf(workplace, other)).toBe(200);
    const [{ id }] = outcome['keys'] as [{ id: string }];
    expect(await auditOf(workplace)).toMatchObject([
      {
        action: 'key.revoked',
        actor_kind: 'operator',
        actor_id: 'olga',
        user_id: 'alice',
        name: 'leaked',
        key_id: id,
        reason: 'found on a page',
      },
    ]);
    expect(await workplace.run(wish, { input: key })).toMatchObject({
      code: 1,
      stdout: 'There is no such key under the configured peppers (test).\n',
    });
    expect(await workplace.json(wish, { input: key })).toEqual({ outcome: 'no_such_key', pepper_versions: ['test'] });
  });

  test('revoke ends the key that is named by its digest, in the name of the user of the system', async () => {
    const workplace = await startWorkplace(kind);
    const key = await issue(workplace, 'alice', 'first');
    const { keys } = (await workplace.json(['list', '--user', 'alice'])) as { keys: [{ id: string }] };
    const { id } = keys[0];
    const { code, stdout } = await workplace.run(['revoke', '--id', id]);
    expect([code, stdout]).toEqual([0, `${id}  alice  first\n1 key revoked.\n`]);
    await refused(workplace, key);
    const { username } = userInfo();
    expect(await auditOf(workplace)).toMatchObject([{ action: 'key.revoked', actor_id: username, reason: null }]);
  });

  test('revoke ends all keys of a user', async () => {
    const workplace = await startWorkplace(kind);
    const keys = [await issue(workplace, 'alice', 'first'), await issue(workplace, 'alice', 'second')];
    const other = await issue(workplace, 'bob', 'first');
    const { outcome, keys: revoked } = await workplace.json(['revoke', '--user', 'alice', '--yes', '--by', 'olga']);
    expect(outcome).toBe('revoked');
    const names = (revoked as { name: string; user_id: string }[]).map(({ name, user_id }) => `${user_id} ${name}`);
    expect(names.toSorted()).toEqual(['alice first', 'alice second']);
    for (const key of keys) await refused(workplace, key);
    expect(await statusOf(workplace, other)).toBe(200);
    expect(await auditOf(workplace)).toHaveLength(2);
    expect(await workplace.run(['revoke', '--user', 'alice', '--yes'])).toMatchObject({ code: 1 });
  });

  test('suspend has keys and requests of a user refused until resume, and what it does once it does once', async () => {
    const workplace = await startWorkplace(kind);
    const { url } = workplace.service;
    const key = await issue(workplace, 'alice', 'first');
    expect(await statusOf(workplace, key)).toBe(200);
    const order = ['--user', 'alice', '--by', 'olga', '--reason', 'a complaint'];
    expect(await workplace.run(['suspend', '--yes', ...order])).toMatchObject({
      code: 0,
      stdout: 'alice is suspended: 1 key refused.\n',
    });
    await refused(workplace, key);
    expectError(await requestKey(url, { api_key_name: 'second' }, as('alice')), 403, 'suspended');
    expectError(await rollKey(url, { api_key_name: 'first' }, as('alice')), 403, 'suspended');
    expect((await getUser(url, as('alice'))).body['active_keys']).toHaveLength(1);
    expect(await workplace.json(['suspend', '--yes', ...order])).toEqual({
      outcome: 'already_suspended',
      user_id: 'alice',
      active_keys: 1,
    });
    expect(await workplace.json(['list', '--user', 'alice'])).toMatchObject({ suspended: true });

    expect(await workplace.run(['resume', ...order])).toMatchObject({
      code: 0,
      stdout: 'alice is no longer suspended.\n',
    });
    await waitFor('the key to be accepted', async () => (await statusOf(workplace, key)) === 200);
    expect(await workplace.json(['resume', ...order])).toEqual({ outcome: 'not_suspended', user_id: 'alice' });
    expect((await auditOf(workplace)).map(({ action, actor_id, reason }) => [action, actor_id, reason])).toEqual(
      expect.arrayContaining([
        ['user.suspended', 'olga', 'a complaint'],
        ['user.resumed', 'olga', 'a complaint'],
      ]),
    );
    expect(await auditOf(workplace)).toHaveLength(2);
  });

  test('erase leaves nothing of a user in the store, and one entry that names nobody', async () => {
    const workplace = await startWorkplace(kind);
    const { url } = workplace.service;
    const user = 'the user who wants to be forgotten';
    const key = await issue(workplace, user, 'a telling name');
    await rollKey(url, { api_key_name: 'a telling name' }, { ...as(user), headers: { 'idempotency-key': 'once' } });
    await issue(workplace, 'bob', 'first');
    expect(JSON.stringify(await workplace.read())).toContain(user);

    expect(await workplace.json(['erase', '--user', user, '--yes', '--by', 'olga'])).toEqual({
      outcome: 'erased',
      user_id: user,
    });
    const left = JSON.stringify(await workplace.read());
    expect(left).not.toContain(user);
    expect(left).not.toContain('a telling name');
    expect(left).toContain('bob');
    await refused(workplace, key);
    expect((await getUser(url, as(user))).body).toMatchObject({ created_at: null, active_keys: [] });
    expect(await auditOf(workplace)).toMatchObject([{ action: 'user.erased', actor_id: 'olga', name: null }]);
    expect(await workplace.run(['erase', '--user', user, '--yes'])).toMatchObject({
      code: 1,
      stdout: 'Nothing is stored of this user.\n',
    });
  });

  test('show tells whose key it is, without changing anything', async () => {
    const workplace = await startWorkplace(kind);
    const key = await issue(workplace, 'alice', 'found on a page');
    const { keys } = (await workplace.json(['list', '--user', 'alice'])) as { keys: { id: string }[] };
    const before = JSON.stringify(await workplace.read());
    expect(await workplace.json(['show', '--key-stdin'], { input: `${key}\n` })).toMatchObject({
      outcome: 'found',
      user_id: 'alice',
      tier: 'growth',
      suspended: false,
      state: 'active',
      key: { id: keys[0]?.id, name: 'found on a page', pepper_version: 'test' },
    });
    const { stdout } = await workplace.run(['show', '--key-stdin'], { input: key });
    expect(stdout).toMatch(/^user +alice\nname +found on a page\nstate +active\n/);
    expect(JSON.stringify(await workplace.read())).toBe(before);
    const other = { KEY_PEPPERS: `other:${Buffer.alloc(32, 'another').toString('base64')}` };
    expect(await workplace.json(['show', '--key-stdin'], { input: key, settings: other })).toEqual({
      outcome: 'no_such_key',
      pepper_versions: ['other'],
    });
  });

  test('audit lists who changed what, newest first, and finds what is left of an erased user', async () => {
    const workplace = await startWorkplace(kind);
    await issue(workplace, 'alice', 'first');
    await workplace.run(['suspend', '--user', 'alice', '--yes', '--by', 'olga', '--reason', 'a complaint']);
    const { entries } = (await workplace.json(['audit', '--user', 'alice'])) as { entries: Record<string, unknown>[] };
    expect(entries.map(({ action, actor_kind, actor_id }) => [action, actor_kind, actor_id]).toSorted()).toEqual([
      ['key.issued', 'user', 'alice'],
      ['user.suspended', 'operator', 'olga'],
    ]);
    const limited = await workplace.json(['audit', '--user', 'alice', '--limit', '1']);
    expect(limited).toMatchObject({ entries: [expect.anything()], omitted: 1 });
    await workplace.run(['erase', '--user', 'alice', '--yes', '--by', 'olga']);
    expect(await workplace.json(['audit', '--user', 'alice'])).toMatchObject({
      entries: [{ action: 'user.erased', actor_id: 'olga' }],
    });
    expect(await workplace.run(['audit', '--user', 'nobody'])).toMatchObject({ code: 1 });
  });

  test('users lists users by a part of their id, tier and suspension', async () => {
    const workplace = await startWorkplace(kind);
    for (const user of ['auth0|Alice', 'auth0|bob', 'carol']) await issue(workplace, user, 'first');
    await workplace.run(['suspend', '--user', 'carol', '--yes']);
    const found = async (...options: string[]) => {
      const { users = [] } = (await workplace.json(['users', ...options])) as { users?: { user_id: string }[] };
      return users.map(({ user_id }) => user_id).toSorted();
    };
    expect(await found()).toEqual(['auth0|Alice', 'auth0|bob', 'carol']);
    expect(await found('--search', 'alice')).toEqual(['auth0|Alice']);
    expect(await found('--suspended')).toEqual(['carol']);
    expect(await found('--tier', 'pioneer')).toEqual([]);
    expect(await workplace.json(['users', '--limit', '2'])).toMatchObject({ has_more: true });
  });

  test('usage shows what a user has used of the quotas, and --reset fills them again', async () => {
    const workplace = await startWorkplace(kind);
    const key = await issue(workplace, 'alice', 'first');
    for (let request = 0; request < 3; request++) expect(await statusOf(workplace, key)).toBe(200);
    await waitFor('the usage to be stored', async () => {
      const { day } = (await workplace.json(['usage', '--user', 'alice'])) as { day: { requests: number } };
      return day.requests === 3;
    });
    expect(await workplace.json(['usage', '--user', 'alice', '--reset', '--yes', '--by', 'olga'])).toEqual({
      outcome: 'reset',
      user_id: 'alice',
      day_before: 3,
      month_before: 3,
    });
    expect(await workplace.json(['usage', '--user', 'alice'])).toEqual({
      outcome: 'found',
      user_id: 'alice',
      tier: 'growth',
      day: { requests: 0, quota: 25_000 },
      month: { requests: 0, quota: 750_000 },
    });
    expect(await auditOf(workplace)).toMatchObject([{ action: 'user.usage_reset', actor_id: 'olga' }]);
  });

  test('set-tier counts as a token of that moment, in the name of the operator', async () => {
    const workplace = await startWorkplace(kind);
    await issue(workplace, 'alice', 'first');
    // Of two claims of one second the last counts; the token above is of an earlier second from here on.
    const issuedAt = Math.floor(Date.now() / 1000);
    await waitFor('the next second', () => Math.floor(Date.now() / 1000) > issuedAt);
    const wish = ['set-tier', '--user', 'alice', '--tier', 'pioneer', '--by', 'olga', '--reason', 'did not pay'];
    expect(await workplace.json(wish)).toEqual({
      outcome: 'set',
      user_id: 'alice',
      tier: 'pioneer',
      tier_before: 'growth',
    });
    expect(await workplace.json(['list', '--user', 'alice'])).toMatchObject({ tier: 'pioneer' });
    expect(await auditOf(workplace)).toMatchObject([
      { action: 'user.tier_changed', actor_id: 'olga', reason: 'from growth to pioneer: did not pay' },
    ]);
    expect(await workplace.run(['set-tier', '--user', 'nobody', '--tier', 'growth'])).toMatchObject({ code: 1 });
  });

  test('stats counts owners and keys', async () => {
    const workplace = await startWorkplace(kind);
    for (const name of ['first', 'second']) await issue(workplace, 'alice', name);
    await issue(workplace, 'bob', 'first');
    await rollKey(workplace.service.url, { api_key_name: 'first' }, as('alice'));
    await workplace.run(['suspend', '--user', 'bob', '--yes']);
    expect(await workplace.json(['stats'])).toEqual({
      outcome: 'counted',
      owners: { total: 2, suspended: 1, by_tier: { pioneer: 0, starter: 0, growth: 2, enterprise: 0 } },
      keys: { active: 3, superseded: 1, expired: 0, by_pepper_version: { test: 4 } },
    });
    const { stdout } = await workplace.run(['stats']);
    expect(stdout).toMatch(/^owners +2\n {2}suspended +1\n/);
    expect(stdout).toMatch(/ {2}under pepper test +4\n$/);
  });

  test('repepper-report says which peppers are needed, which lack, and which can be dropped', async () => {
    const workplace = await startWorkplace(kind);
    const key = await issue(workplace, 'alice', 'first');
    const peppers = ['new', 'test', 'spare'].map((version) => `${version}:${processPepper}`);
    const wish = { settings: { KEY_PEPPERS: peppers.join() } };
    const use = { configured: true, makes_keys: false, unexpired_keys: 0, expired_keys: 0, can_be_dropped: false };
    expect(await workplace.json(['repepper-report'], wish)).toEqual({
      outcome: 'counted',
      peppers: [
        { ...use, version: 'new', makes_keys: true },
        { ...use, version: 'test', unexpired_keys: 1 },
        { ...use, version: 'spare', can_be_dropped: true },
      ],
    });
    const { stdout } = await workplace.run(['repepper-report'], { settings: { KEY_PEPPERS: peppers[0] } });
    expect(stdout).toMatch(/^new +0 +0 +makes new keys$/m);
    expect(stdout).toMatch(/^test +1 +0 +not configured: its keys are refused$/m);

    await workplace.run(['revoke', '--key-stdin'], { input: key });
    expect((await workplace.run(['repepper-report'], wish)).stdout).toMatch(/^test +0 +0 +can be dropped$/m);
  });

  test('digest-keys prints what keys are found by, and nothing else anywhere', async () => {
    const workplace = await startWorkplace(kind);
    const key = await issue(workplace, 'alice', 'first');
    const { code, stdout, stderr } = await workplace.run(['digest-keys']);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Working on .*\.\n$/)]);
    const [, version, base64] = /^([a-z0-9]+):(\S+)\n$/.exec(stdout) as unknown as [string, string, string];
    const subkey = Buffer.from(base64, 'base64');
    const { keys } = (await workplace.json(['list', '--user', 'alice'])) as { keys: { id: string }[] };
    expect(keys).toMatchObject([{ id: createDigester({ version, subkey }).digest(key) }]);
    expect(await workplace.json(['digest-keys'])).toEqual({ outcome: 'derived', digest_keys: `test:${base64}` });
  });

  test('nothing secret is printed by any command: no key, pepper or token', async () => {
    const workplace = await startWorkplace(kind);
    const keys = [await issue(workplace, 'alice', 'first'), await issue(workplace, 'alice', 'second')] as const;
    const [first, second] = keys;
    for (const flags of [[], ['--json']]) {
      await workplace.run(['list', '--user', 'alice', ...flags]);
      await workplace.run(['stats', ...flags]);
      await workplace.run(['repepper-report', ...flags]);
      await workplace.run(['suspend', '--user', 'alice', '--yes', ...flags]);
      await workplace.run(['resume', '--user', 'alice', ...flags]);
      await workplace.run(['show', '--key-stdin', ...flags], { input: first });
      await workplace.run(['show', '--key-stdin', ...flags], { input: `${first}x` });
      await workplace.run(['revoke', '--key-stdin', ...flags], { input: first });
      await workplace.run(['revoke', '--key-stdin', ...flags], { input: `${second}x` });
      // What people do by mistake: their key in an argument.
      await workplace.run(['revoke', second, ...flags]);
      await workplace.run([second, ...flags]);
      await workplace.run([`--${second}`, ...flags]);
      await workplace.run(['revoke', '--id', second, ...flags]);
      await workplace.run(['revoke', `--key-stdin=${second}`, ...flags]);
      await workplace.run(['list', '--user', `${second}`, ...flags]);
      await workplace.run(['suspend', '--user', 'alice', '--yes', '--reason', `leaked: ${second}`, ...flags]);
      await workplace.run(['stats', ...flags], { settings: { KEY_PEPPERS: `UPPER:${processPepper}` } });
    }
    expect((await workplace.run(['revoke', second])).stderr).toMatch(/^A key was given as an argument/);
    await workplace.run(['erase', '--user', 'alice', '--yes']);
    const printed = JSON.stringify(workplace.runs);
    expect(printed).toContain('1 key revoked.');
    const pepper = Buffer.from(processPepper, 'base64');
    const secrets = [
      ...keys.flatMap((key) => [key, key.slice(8)]),
      ...(['base64', 'base64url', 'hex', 'latin1'] as const).map((encoding) => pepper.toString(encoding)),
      jwtSecret,
    ];
    for (const secret of secrets) expect(printed.includes(secret)).toBe(false);
    expect(JSON.stringify(await workplace.read())).not.toContain(second);
  });

  test('a user who deletes its key while an operator revokes all: each key ends once', async () => {
    const workplace = await startWorkplace(kind);
    for (const name of ['first', 'second']) await issue(workplace, 'alice', name);
    const [{ outcome, keys = [] }, deleted] = await Promise.all([
      workplace.json(['revoke', '--user', 'alice', '--yes']),
      deleteKey(workplace.service.url, { api_key_name: 'first' }, as('alice')),
    ]);
    expect(outcome).toBe('revoked');
    const byOwner = deleted.status === 200 ? 1 : 0;
    expect(byOwner + (keys as unknown[]).length).toBe(2);
    expect(await workplace.json(['list', '--user', 'alice'])).toMatchObject({ keys: [] });
  });
});
