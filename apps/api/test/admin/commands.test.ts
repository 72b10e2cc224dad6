import { userInfo } from 'node:os';
import { processPepper } from '@andamio/testing/service-process';
import {
  approveDevice,
  deleteKey,
  getUser,
  redeemDevice,
  requestKey,
  rollKey,
  startDeviceLogin,
} from '@andamio/testing/service-requests';
import { jwtSecret, tokenFor } from '@andamio/testing/tokens';
import { createDigester } from '@andamio/verification/digest';
import { describe, expect, test } from 'vitest';
import { type AdminFixture, startAdminFixture, storeKinds } from '../harness/admin.ts';
import { expectError } from '../harness/expect-error.ts';

if (storeKinds.length === 1) test.skip('admin.js on Firestore', () => {});

const as = (sub: string) => ({ token: tokenFor(sub, { tier: 'growth' }) });

async function issue({ url }: AdminFixture, user: string, name: string): Promise<string> {
  const { status, body } = await requestKey(url, { api_key_name: name }, as(user));
  expect(status).toBe(200);
  return body['api_key'] as string;
}

async function statusOf({ url }: AdminFixture, key: string): Promise<number> {
  return (await fetch(`${url}/api/v1/apikey/verify`, { headers: { 'x-api-key': key } })).status;
}

async function expectRefused(fixture: AdminFixture, key: string): Promise<void> {
  fixture.expireCache();
  expect(await statusOf(fixture, key)).toBe(401);
}

/** Returns the entries of the audit log, oldest first, except entries about actions of users. */
async function auditOf({ read }: AdminFixture) {
  const entries = ((await read())['audit'] ?? []).filter(({ actor_kind }) => actor_kind !== 'user');
  return entries.toSorted((one, other) => Number(one['at']) - Number(other['at']));
}

describe.each(storeKinds)('the commands of admin.js beside a running service on %s', (kind) => {
  test('list shows a user and their masked keys with ids, including superseded keys', async () => {
    const fixture = await startAdminFixture(kind);
    const first = await issue(fixture, 'alice', 'first');
    const rolled = await rollKey(fixture.url, { api_key_name: 'first' }, as('alice'));
    await issue(fixture, 'alice', 'second');

    const listed = await fixture.json(['list', '--user', 'alice']);
    const { body } = await getUser(fixture.url, as('alice'));
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
      last_used_at: null,
    });
    expect(keys.map(({ name, state }) => `${name} ${state}`).toSorted()).toEqual([
      'first active',
      'first superseded',
      'second active',
    ]);

    const { code, stdout } = await fixture.run(['list', '--user', 'alice']);
    expect(code).toBe(0);
    expect(stdout).toMatch(
      /^alice: growth, since \d{4}-\S+Z\nstate {7}key {7}expires {15}last used {2}id {64}name\n/,
    );
    expect(stdout.match(/^active .* second$/m)).not.toBeNull();
    for (const { id } of keys) expect(stdout).toContain(id);
  });

  test('list, and revoke before it changes anything, show when keys were last used', async () => {
    const fixture = await startAdminFixture(kind);
    const key = await issue(fixture, 'alice', 'used');
    await issue(fixture, 'alice', 'unused');
    expect(await statusOf(fixture, key)).toBe(200);
    const uses = async () => {
      const { keys } = await fixture.json(['list', '--user', 'alice']);
      const listed = keys as { readonly name: string; readonly last_used_at: string | null }[];
      return Object.fromEntries(listed.map(({ name, last_used_at }) => [name, last_used_at]));
    };
    await fixture.storeUsage();
    expect(await uses()).toEqual({
      used: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00Z$/),
      unused: null,
    });
    const { stdout } = await fixture.run(['list', '--user', 'alice']);
    expect(stdout).toMatch(/T\d\d:\d\d:00Z {2}[0-9a-f]{64} {2}used$/m);
    const { used } = await uses();
    const preview = await fixture.run(['revoke', '--user', 'alice', '--dry-run', '--by', 'olga']);
    expect(preview.stdout).toContain(`The last request with a key of alice was at ${used}.`);
  });

  test('stale lists no key that was issued within the idle days', async () => {
    const fixture = await startAdminFixture(kind);
    await issue(fixture, 'alice', 'new');
    expect(await fixture.run(['stale', '--idle-days', '1'])).toMatchObject({
      code: 1,
      stdout: 'Every key was used or issued within 1 day.\n',
    });
    expect(await fixture.json(['stale', '--idle-days', '30'])).toEqual({
      outcome: 'no_such_key',
      keys: [],
      has_more: false,
    });
  });

  test('revoke --key-stdin revokes the key on standard input, which the service then refuses', async () => {
    const fixture = await startAdminFixture(kind);
    const key = await issue(fixture, 'alice', 'leaked');
    const other = await issue(fixture, 'alice', 'other');
    expect(await statusOf(fixture, key)).toBe(200);

    const args = ['revoke', '--key-stdin', '--by', 'olga', '--reason', 'found on a page'];
    const outcome = await fixture.json(args, { input: `${key}\n` });
    expect(outcome).toEqual({
      outcome: 'revoked',
      keys: [{ id: expect.any(String), user_id: 'alice', name: 'leaked' }],
    });
    await expectRefused(fixture, key);
    expect(await statusOf(fixture, other)).toBe(200);
    const [{ id }] = outcome['keys'] as [{ id: string }];
    expect(await auditOf(fixture)).toMatchObject([
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
    expect(await fixture.run(args, { input: key })).toMatchObject({
      code: 1,
      stdout: 'There is no such key under the configured peppers (test).\n',
    });
    expect(await fixture.json(args, { input: key })).toEqual({
      outcome: 'no_such_key',
      pepper_versions: ['test'],
    });
  });

  test('revoke of one key shows the key with --dry-run and changes nothing, and asks for no confirmation', async () => {
    const fixture = await startAdminFixture(kind);
    const key = await issue(fixture, 'alice', 'leaked');
    const { keys } = await fixture.json(['list', '--user', 'alice']);
    const [{ id }] = keys as [{ id: string }];
    const before = JSON.stringify(await fixture.read());
    for (const [args, input] of [
      [['revoke', '--id', id], ''],
      [['revoke', '--key-stdin'], key],
    ] as const) {
      const shown = await fixture.run([...args, '--dry-run'], { input });
      expect(shown).toMatchObject({
        code: 0,
        stdout: `${id}  alice  leaked\n1 key will be revoked permanently.\nNothing was changed.\n`,
      });
      expect(await fixture.json([...args, '--dry-run'], { input })).toEqual({
        outcome: 'dry_run',
        keys: [{ id, user_id: 'alice', name: 'leaked' }],
      });
      expect(await fixture.run([...args, '--dry-run', '--yes'], { input })).toMatchObject({
        code: 64,
      });
    }
    expect(JSON.stringify(await fixture.read())).toBe(before);
    expect(await fixture.run(['revoke', '--id', id])).toMatchObject({ code: 0 });
    const unknown = await fixture.run(['revoke', '--id', id, '--dry-run']);
    expect(unknown).toMatchObject({ code: 1, stdout: 'There is no such key.\n' });
  });

  test('revoke --id revokes the key with that id, with the system user as the author', async () => {
    const fixture = await startAdminFixture(kind);
    const key = await issue(fixture, 'alice', 'first');
    const { keys } = (await fixture.json(['list', '--user', 'alice'])) as {
      keys: [{ id: string }];
    };
    const { id } = keys[0];
    const { code, stdout } = await fixture.run(['revoke', '--id', id]);
    expect([code, stdout]).toEqual([0, `${id}  alice  first\n1 key revoked.\n`]);
    await expectRefused(fixture, key);
    const { username } = userInfo();
    expect(await auditOf(fixture)).toMatchObject([
      { action: 'key.revoked', actor_id: username, reason: null },
    ]);
  });

  test('revoke --user revokes all keys of a user', async () => {
    const fixture = await startAdminFixture(kind);
    const keys = [await issue(fixture, 'alice', 'first'), await issue(fixture, 'alice', 'second')];
    const other = await issue(fixture, 'bob', 'first');
    const { outcome, keys: revoked } = await fixture.json([
      'revoke',
      '--user',
      'alice',
      '--yes',
      '--by',
      'olga',
    ]);
    expect(outcome).toBe('revoked');
    const names = (revoked as { name: string; user_id: string }[]).map(
      ({ name, user_id }) => `${user_id} ${name}`,
    );
    expect(names.toSorted()).toEqual(['alice first', 'alice second']);
    for (const key of keys) await expectRefused(fixture, key);
    expect(await statusOf(fixture, other)).toBe(200);
    expect(await auditOf(fixture)).toHaveLength(2);
    expect(await fixture.run(['revoke', '--user', 'alice', '--yes'])).toMatchObject({ code: 1 });
  });

  test('revoke --user denies an approved device login of a user without keys', async () => {
    const fixture = await startAdminFixture(kind);
    const { url } = fixture;
    const { user_code, device_code } = (await startDeviceLogin(url)).body;
    for (const decision of [undefined, 'approve'])
      await approveDevice(url, { user_code, decision }, as('alice'));
    const revoke = ['revoke', '--user', 'alice', '--by', 'olga', '--reason', 'deceived'];
    const preview = await fixture.run([...revoke, '--dry-run']);
    expect(preview.stdout).toContain('1 approved device login will be denied, and yield no key.');
    expect(JSON.stringify(await fixture.json([...revoke, '--dry-run']))).toContain(
      '"approved_logins":1',
    );
    expect(await fixture.run([...revoke, '--yes'])).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('0 keys revoked.\n1 approved device login denied.\n'),
    });
    expect((await redeemDevice(url, device_code)).body['error']).toBe('access_denied');
    expect(await auditOf(fixture)).toMatchObject([
      { action: 'device_login.denied', actor_id: 'olga', reason: 'deceived', user_id: 'alice' },
    ]);
    expect(await fixture.run([...revoke, '--yes'])).toMatchObject({ code: 1 });
  });

  test('suspend refuses keys and requests of a user until resume, and both are idempotent', async () => {
    const fixture = await startAdminFixture(kind);
    const { url } = fixture;
    const key = await issue(fixture, 'alice', 'first');
    expect(await statusOf(fixture, key)).toBe(200);
    const order = ['--user', 'alice', '--by', 'olga', '--reason', 'a complaint'];
    expect(await fixture.run(['suspend', '--yes', ...order])).toMatchObject({
      code: 0,
      stdout: 'alice is suspended: 1 key refused.\n',
    });
    await expectRefused(fixture, key);
    expectError(await requestKey(url, { api_key_name: 'second' }, as('alice')), 403, 'suspended');
    expectError(await rollKey(url, { api_key_name: 'first' }, as('alice')), 403, 'suspended');
    expect((await getUser(url, as('alice'))).body['active_keys']).toHaveLength(1);
    expect(await fixture.json(['suspend', '--yes', ...order])).toEqual({
      outcome: 'already_suspended',
      user_id: 'alice',
      active_keys: 1,
    });
    expect(await fixture.json(['list', '--user', 'alice'])).toMatchObject({ suspended: true });

    expect(await fixture.run(['resume', ...order])).toMatchObject({
      code: 0,
      stdout: 'alice is no longer suspended.\n',
    });
    fixture.expireCache();
    expect(await statusOf(fixture, key)).toBe(200);
    expect(await fixture.json(['resume', ...order])).toEqual({
      outcome: 'not_suspended',
      user_id: 'alice',
    });
    expect(
      (await auditOf(fixture)).map(({ action, actor_id, reason }) => [action, actor_id, reason]),
    ).toEqual(
      expect.arrayContaining([
        ['user.suspended', 'olga', 'a complaint'],
        ['user.resumed', 'olga', 'a complaint'],
      ]),
    );
    expect(await auditOf(fixture)).toHaveLength(2);
  });

  test('erase deletes everything about a user except one anonymous audit entry', async () => {
    const fixture = await startAdminFixture(kind);
    const { url } = fixture;
    const user = 'the user who wants to be forgotten';
    const key = await issue(fixture, user, 'a telling name');
    await rollKey(
      url,
      { api_key_name: 'a telling name' },
      { ...as(user), headers: { 'idempotency-key': 'once' } },
    );
    await issue(fixture, 'bob', 'first');
    expect(JSON.stringify(await fixture.read())).toContain(user);

    expect(await fixture.json(['erase', '--user', user, '--yes', '--by', 'olga'])).toEqual({
      outcome: 'erased',
      user_id: user,
    });
    const left = JSON.stringify(await fixture.read());
    expect(left).not.toContain(user);
    expect(left).not.toContain('a telling name');
    expect(left).toContain('bob');
    await expectRefused(fixture, key);
    expect((await getUser(url, as(user))).body).toMatchObject({
      created_at: null,
      active_keys: [],
    });
    expect(await auditOf(fixture)).toMatchObject([
      { action: 'user.erased', actor_id: 'olga', name: null },
    ]);
    expect(await fixture.run(['erase', '--user', user, '--yes'])).toMatchObject({
      code: 1,
      stdout: 'Nothing is stored about this user.\n',
    });
  });

  test('show prints the owner and state of a key, and changes nothing', async () => {
    const fixture = await startAdminFixture(kind);
    const key = await issue(fixture, 'alice', 'found on a page');
    const { keys } = (await fixture.json(['list', '--user', 'alice'])) as {
      keys: { id: string }[];
    };
    const before = JSON.stringify(await fixture.read());
    expect(await fixture.json(['show', '--key-stdin'], { input: `${key}\n` })).toMatchObject({
      outcome: 'found',
      user_id: 'alice',
      tier: 'growth',
      suspended: false,
      state: 'active',
      key: { id: keys[0]?.id, name: 'found on a page', pepper_version: 'test' },
    });
    const { stdout } = await fixture.run(['show', '--key-stdin'], { input: key });
    expect(stdout).toMatch(/^user +alice\nname +found on a page\nstate +active\n/);
    expect(JSON.stringify(await fixture.read())).toBe(before);
    const other = { KEY_PEPPERS: `other:${Buffer.alloc(32, 'another').toString('base64')}` };
    expect(await fixture.json(['show', '--key-stdin'], { input: key, settings: other })).toEqual({
      outcome: 'no_such_key',
      pepper_versions: ['other'],
    });
  });

  test('audit lists changes, newest first, including the entry that an erased user leaves', async () => {
    const fixture = await startAdminFixture(kind);
    await issue(fixture, 'alice', 'first');
    await fixture.run([
      'suspend',
      '--user',
      'alice',
      '--yes',
      '--by',
      'olga',
      '--reason',
      'a complaint',
    ]);
    const { entries } = (await fixture.json(['audit', '--user', 'alice'])) as {
      entries: Record<string, unknown>[];
    };
    expect(
      entries.map(({ action, actor_kind, actor_id }) => [action, actor_kind, actor_id]).toSorted(),
    ).toEqual([
      ['key.issued', 'user', 'alice'],
      ['user.suspended', 'operator', 'olga'],
    ]);
    const limited = await fixture.json(['audit', '--user', 'alice', '--limit', '1']);
    expect(limited).toMatchObject({ entries: [expect.anything()], omitted: 1 });
    await fixture.run(['erase', '--user', 'alice', '--yes', '--by', 'olga']);
    expect(await fixture.json(['audit', '--user', 'alice'])).toMatchObject({
      entries: [{ action: 'user.erased', actor_id: 'olga' }],
    });
    expect(await fixture.run(['audit', '--user', 'unknown'])).toMatchObject({ code: 1 });
  });

  test('users filters by part of the id, tier and suspension', async () => {
    const fixture = await startAdminFixture(kind);
    for (const user of ['auth0|Alice', 'auth0|bob', 'carol']) await issue(fixture, user, 'first');
    await fixture.run(['suspend', '--user', 'carol', '--yes']);
    const found = async (...options: string[]) => {
      const { users = [] } = (await fixture.json(['users', ...options])) as {
        users?: { user_id: string }[];
      };
      return users.map(({ user_id }) => user_id).toSorted();
    };
    expect(await found()).toEqual(['auth0|Alice', 'auth0|bob', 'carol']);
    expect(await found('--search', 'alice')).toEqual(['auth0|Alice']);
    expect(await found('--suspended')).toEqual(['carol']);
    expect(await found('--tier', 'pioneer')).toEqual([]);
    expect(await fixture.json(['users', '--limit', '2'])).toMatchObject({ has_more: true });
  });

  test('usage shows used quotas of a user, and usage --reset resets them', async () => {
    const fixture = await startAdminFixture(kind);
    const key = await issue(fixture, 'alice', 'first');
    for (let request = 0; request < 3; request++) expect(await statusOf(fixture, key)).toBe(200);
    await fixture.storeUsage();
    expect(await fixture.json(['usage', '--user', 'alice'])).toMatchObject({
      day: { requests: 3 },
      month: { requests: 3 },
    });
    expect(
      await fixture.json(['usage', '--user', 'alice', '--reset', '--yes', '--by', 'olga']),
    ).toEqual({
      outcome: 'reset',
      user_id: 'alice',
      day_before: 3,
      month_before: 3,
    });
    expect(await fixture.json(['usage', '--user', 'alice'])).toEqual({
      outcome: 'found',
      user_id: 'alice',
      tier: 'growth',
      day: { requests: 0, quota: 25_000 },
      month: { requests: 0, quota: 750_000 },
    });
    expect(await auditOf(fixture)).toMatchObject([
      { action: 'user.usage_reset', actor_id: 'olga' },
    ]);
  });

  test('set-tier takes effect like a token issued now, with the operator as the author', async () => {
    const fixture = await startAdminFixture(kind);
    await issue(fixture, 'alice', 'first');
    const second = Math.floor(Date.now() / 1000);
    const args = [
      'set-tier',
      '--user',
      'alice',
      '--tier',
      'pioneer',
      '--by',
      'olga',
      '--reason',
      'did not pay',
    ];
    expect(await fixture.json(args)).toEqual({
      outcome: 'set',
      user_id: 'alice',
      tier: 'pioneer',
      tier_before: 'growth',
    });
    const ofSameSecond = tokenFor('alice', { tier: 'growth', iat: second });
    const shown = await getUser(fixture.url, { token: ofSameSecond });
    expect(shown.body['tier'], 'with a token of the same second').toBe('pioneer');
    expect(await fixture.json(['list', '--user', 'alice'])).toMatchObject({ tier: 'pioneer' });
    expect(await auditOf(fixture)).toMatchObject([
      {
        action: 'user.tier_changed',
        actor_id: 'olga',
        reason: 'from growth to pioneer: did not pay',
      },
    ]);
    expect(await fixture.run(['set-tier', '--user', 'unknown', '--tier', 'growth'])).toMatchObject({
      code: 1,
    });
  });

  test('stats counts owners and keys', async () => {
    const fixture = await startAdminFixture(kind);
    for (const name of ['first', 'second']) await issue(fixture, 'alice', name);
    await issue(fixture, 'bob', 'first');
    await rollKey(fixture.url, { api_key_name: 'first' }, as('alice'));
    await fixture.run(['suspend', '--user', 'bob', '--yes']);
    expect(await fixture.json(['stats'])).toEqual({
      outcome: 'counted',
      owners: {
        total: 2,
        suspended: 1,
        by_tier: { pioneer: 0, starter: 0, growth: 2, enterprise: 0 },
      },
      keys: { active: 3, superseded: 1, expired: 0, by_pepper_version: { test: 4 } },
    });
    const { stdout } = await fixture.run(['stats']);
    expect(stdout).toMatch(/^owners +2\n {2}suspended +1\n/);
    expect(stdout).toMatch(/ {2}under pepper test +4\n$/);
  });

  test('rehash-report shows which peppers are required, missing, or can be dropped', async () => {
    const fixture = await startAdminFixture(kind);
    const key = await issue(fixture, 'alice', 'first');
    const pepperOf = (secret: string) => Buffer.alloc(32, secret).toString('base64');
    const peppers = [
      `new:${pepperOf('new')}`,
      `test:${processPepper}`,
      `spare:${pepperOf('spare')}`,
    ];
    const options = { settings: { KEY_PEPPERS: peppers.join() } };
    const use = {
      configured: true,
      makes_keys: false,
      unexpired_keys: 0,
      expired_keys: 0,
      can_be_dropped: false,
    };
    expect(await fixture.json(['rehash-report'], options)).toEqual({
      outcome: 'counted',
      peppers: [
        { ...use, version: 'new', makes_keys: true },
        { ...use, version: 'test', unexpired_keys: 1 },
        { ...use, version: 'spare', can_be_dropped: true },
      ],
    });
    const { stdout } = await fixture.run(['rehash-report'], {
      settings: { KEY_PEPPERS: peppers[0] },
    });
    expect(stdout).toMatch(/^new +0 +0 +creates new keys$/m);
    expect(stdout).toMatch(/^test +1 +0 +not configured: its keys are refused$/m);

    await fixture.run(['revoke', '--key-stdin'], { input: key });
    expect((await fixture.run(['rehash-report'], options)).stdout).toMatch(
      /^test +0 +0 +can be dropped$/m,
    );
  });

  test('repepper-report, the former name of rehash-report, does the same', async () => {
    const fixture = await startAdminFixture(kind);
    await issue(fixture, 'alice', 'first');
    const former = await fixture.run(['repepper-report']);
    expect(former).toEqual(await fixture.run(['rehash-report']));
    expect(former).toMatchObject({ code: 0, stdout: expect.stringMatching(/^test +1 +0 /m) });
  });

  test('digest-keys prints the digest keys and nothing else', async () => {
    const fixture = await startAdminFixture(kind);
    const key = await issue(fixture, 'alice', 'first');
    const { code, stdout, stderr } = await fixture.run(['digest-keys']);
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^Working on .*\.\n$/)]);
    const [, version, base64] = /^([a-z0-9]+):(\S+)\n$/.exec(stdout) as unknown as [
      string,
      string,
      string,
    ];
    const subkey = Buffer.from(base64, 'base64');
    const { keys } = (await fixture.json(['list', '--user', 'alice'])) as {
      keys: { id: string }[];
    };
    expect(keys).toMatchObject([{ id: createDigester({ version, subkey }).digest(key) }]);
    expect(await fixture.json(['digest-keys'])).toEqual({
      outcome: 'derived',
      digest_keys: `test:${base64}`,
    });
  });

  test('--json escapes invisible characters of a name, and programs read the exact name', async () => {
    const fixture = await startAdminFixture(kind);
    await issue(fixture, 'alice', 'pay\u202eroll');
    const { stdout } = await fixture.run(['list', '--user', 'alice', '--json']);
    expect(stdout.trimEnd()).not.toMatch(/\p{C}/u);
    expect(JSON.parse(stdout)).toMatchObject({ keys: [{ name: 'pay\u202eroll' }] });
  });

  test('no command prints a key, pepper or token', async () => {
    const fixture = await startAdminFixture(kind);
    const keys = [
      await issue(fixture, 'alice', 'first'),
      await issue(fixture, 'alice', 'second'),
    ] as const;
    const [first, second] = keys;
    for (const flags of [[], ['--json']]) {
      await fixture.run(['list', '--user', 'alice', ...flags]);
      await fixture.run(['stats', ...flags]);
      await fixture.run(['rehash-report', ...flags]);
      await fixture.run(['suspend', '--user', 'alice', '--yes', ...flags]);
      await fixture.run(['resume', '--user', 'alice', ...flags]);
      await fixture.run(['show', '--key-stdin', ...flags], { input: first });
      await fixture.run(['show', '--key-stdin', ...flags], { input: `${first}x` });
      await fixture.run(['revoke', '--key-stdin', ...flags], { input: first });
      await fixture.run(['revoke', '--key-stdin', ...flags], { input: `${second}x` });
      // The next commands contain a common mistake: a key as an argument.
      await fixture.run(['revoke', second, ...flags]);
      await fixture.run([second, ...flags]);
      await fixture.run([`--${second}`, ...flags]);
      await fixture.run(['revoke', '--id', second, ...flags]);
      await fixture.run(['revoke', `--key-stdin=${second}`, ...flags]);
      await fixture.run(['list', '--user', `${second}`, ...flags]);
      await fixture.run([
        'suspend',
        '--user',
        'alice',
        '--yes',
        '--reason',
        `leaked: ${second}`,
        ...flags,
      ]);
      await fixture.run(['stats', ...flags], {
        settings: { KEY_PEPPERS: `UPPER:${processPepper}` },
      });
    }
    expect((await fixture.run(['revoke', second])).stderr).toMatch(
      /^A key was given as an argument/,
    );
    await fixture.run(['erase', '--user', 'alice', '--yes']);
    const printed = JSON.stringify(fixture.runs);
    expect(printed).toContain('1 key revoked.');
    const pepper = Buffer.from(processPepper, 'base64');
    const secrets = [
      ...keys.flatMap((key) => [key, key.slice(8)]),
      ...(['base64', 'base64url', 'hex', 'latin1'] as const).map((encoding) =>
        pepper.toString(encoding),
      ),
      jwtSecret,
    ];
    for (const secret of secrets) expect(printed.includes(secret)).toBe(false);
    expect(JSON.stringify(await fixture.read())).not.toContain(second);
  });

  test('revokes or deletes each key once when a user deletes a key while an operator revokes all', async () => {
    const fixture = await startAdminFixture(kind);
    for (const name of ['first', 'second']) await issue(fixture, 'alice', name);
    const [{ outcome, keys = [] }, deleted] = await Promise.all([
      fixture.json(['revoke', '--user', 'alice', '--yes']),
      deleteKey(fixture.url, { api_key_name: 'first' }, as('alice')),
    ]);
    expect(outcome).toBe('revoked');
    const byOwner = deleted.status === 200 ? 1 : 0;
    expect(byOwner + (keys as unknown[]).length).toBe(2);
    expect(await fixture.json(['list', '--user', 'alice'])).toMatchObject({ keys: [] });
  });
});
