import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { launchBrowser, openPage, seriousViolations } from '@andamio/testing/browser';
import { freePort } from '@andamio/testing/free-port';
import { processPepper, startProcess, type TestProcess } from '@andamio/testing/service-process';
import { newKey } from '@andamio/testing/service-requests';
import { command, day } from '@andamio/testing/store/commands';
import { createMemoryStore } from '@andamio/testing/store/memory-store';
import { withOperations } from '@andamio/testing/store/operations';
import { waitFor } from '@andamio/testing/wait-for';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import type { Context } from '../../src/admin/command.ts';
import { commands } from '../../src/admin/commands.ts';
import { executeFor } from '../../src/admin/serve/execute.ts';
import { startPageServer } from '../../src/admin/serve/server.ts';
import { spawnAdmin } from '../harness/admin.ts';
import { openSession, startOperatorsPage } from '../harness/operators-page.ts';
import { firestoreSettings } from '../harness/stores.ts';

const pages = join(import.meta.dirname, '../../dist/operators');
const screenshots = join(import.meta.dirname, '../../reports/screenshots');

/** An input device with which a test operates a page. */
interface Input {
  press(target: Locator): Promise<void>;
  fill(target: Locator, text: string): Promise<void>;
  select(target: Locator, option: string): Promise<void>;
}

const mouse: Input = {
  press: (target) => target.click(),
  fill: (target, text) => target.fill(text),
  async select(target, option) {
    await target.selectOption(option);
  },
};

async function reach(target: Locator): Promise<void> {
  await target.waitFor();
  for (let presses = 0; presses < 80; presses++) {
    if (await target.evaluate((element) => element.matches(':focus'))) return;
    await target.page().keyboard.press('Tab');
  }
  expect.fail(`The Tab key does not reach ${target}.`);
}

const keyboard: Input = {
  async press(target) {
    await reach(target);
    const isCheckbox = await target.evaluate((element) => element.matches('[type=checkbox]'));
    await target.page().keyboard.press(isCheckbox ? 'Space' : 'Enter');
  },
  async fill(target, text) {
    await reach(target);
    await target.page().keyboard.press('ControlOrMeta+A');
    await target.page().keyboard.type(text);
  },
  async select(target, option) {
    await reach(target);
    await target.page().keyboard.type(option);
  },
};

const hasEmulator = inject('emulatorHost') !== undefined;
const hasChromium = inject('available').includes('chromium');

/** Each store with an input device. Only SQLite is tested with both devices. */
const cases: readonly (readonly ['SQLite' | 'Firestore', string, Input])[] = [
  ['SQLite', 'the mouse', mouse],
  ['SQLite', 'the keyboard', keyboard],
  ...(hasEmulator ? [['Firestore', 'the mouse', mouse] as const] : []),
];
if (!hasEmulator) test.skip('the operators’ page on Firestore', () => {});

const button = (page: Page | Locator, name: string | RegExp) =>
  page.getByRole('button', { name, exact: true });
const dialog = (page: Page) => page.getByRole('dialog').or(page.getByRole('alertdialog'));
const outcome = (page: Page, text: string | RegExp) =>
  page.locator('.outcome').filter({ hasText: text }).waitFor();

let browser: Browser;
beforeAll(async () => {
  if (!hasChromium) return;
  mkdirSync(screenshots, { recursive: true });
  browser = await launchBrowser();
});
afterAll(async () => {
  await browser?.close();
});

/** Starts a service and `admin.js serve` on the same store. */
async function startBoth(kind: 'SQLite' | 'Firestore') {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-operators-'));
  const settings: Record<string, string | undefined> = {
    KEY_PEPPERS: `test:${processPepper}`,
    VERIFY_CACHE_SECONDS: '1',
    ...(kind === 'SQLite'
      ? { SQLITE_PATH: join(folder, 'keys.db') }
      : firestoreSettings(inject('emulatorHost') as string)),
  };
  const service = await startProcess(settings);
  const page = await startOperatorsPage(settings);
  const session = await openSession(page.address);
  return {
    settings,
    service,
    page,
    session,
    async stop() {
      await page.stop();
      await service.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

type Both = Awaited<ReturnType<typeof startBoth>>;

/** Serves a store in this process, as if it were a database at Google, until the test finishes. */
async function serveStore(store: Context['store']) {
  const context: Context = {
    store,
    peppers: () => [],
    now: Date.now,
    readInput: async () => '',
    print: async () => {},
    confirm: async () => false,
    signals: process,
    environment: {},
    storeName: 'the Firestore database andamio-api of project andamio',
    isLive: true,
    pageFolder: pages,
  };
  const page = await startPageServer({
    folder: pages,
    port: 0,
    idleTime: 60_000,
    about: {
      store: context.storeName,
      live: context.isLive,
      operator: 'olga',
      idle_minutes: 1,
      tiers: [],
      commands: {},
    },
    execute: executeFor(commands, context, 'olga'),
  });
  onTestFinished(() => page.close());
  return { page, session: await openSession(page.address) };
}

/** Opens the operators' page in a new browser context that has the session. */
async function openWith(
  { page: { port }, session }: Pick<Both, 'session'> & { readonly page: { readonly port: number } },
  options: BrowserContextOptions = {},
) {
  const opened = await openPage(browser, options);
  onTestFinished(() => opened.page.context().close());
  await opened.page.addInitScript(`sessionStorage.setItem('session', '${session}')`);
  await opened.page.goto(`http://127.0.0.1:${port}/`);
  await button(opened.page, 'Open user').waitFor();
  return opened;
}

describe.skipIf(!hasChromium).each(cases)(
  'the operators’ page on %s with %s',
  (kind, inputName, { press, fill, select }) => {
    let both: Both;
    let service: TestProcess;
    beforeAll(async () => {
      both = await startBoth(kind);
      ({ service } = both);
    });
    afterAll(() => both.stop());

    /** Runs admin.js on the same store. */
    const admin = async (...args: string[]) => {
      const { stdout } = await spawnAdmin([...args, '--json'], both.settings).result;
      return JSON.parse(stdout) as Record<string, unknown>;
    };
    /** Returns a user's audit entries. Entries of the same second are unordered. */
    const auditOf = async (user: string) => (await admin('audit', '--user', user))['entries'];
    const statusOf = async (key: string) => {
      const headers = { 'x-api-key': key };
      return (await fetch(`${service.url}/api/v1/apikey/verify`, { headers })).status;
    };
    const untilStatus = (key: string, status: number) =>
      waitFor(`the status ${status}`, async () => (await statusOf(key)) === status);

    const openUser = async (userId: string) => {
      const opened = await openWith(both);
      const { page } = opened;
      await fill(page.getByLabel('User id', { exact: true }), userId);
      await press(button(page, 'Open user'));
      await page.getByRole('heading', { name: userId }).waitFor();
      return opened;
    };

    /**
     * Opens the dialog of a change. Expects the texts of the change in the dialog and the focus on
     * Cancel, then confirms the change.
     */
    const confirm = async (page: Page, name: string | RegExp, texts: readonly string[]) => {
      await press(button(page.getByRole('main'), name));
      for (const text of texts) await dialog(page).getByText(text, { exact: false }).waitFor();
      const submit = dialog(page).locator('.danger[aria-disabled=false]');
      await submit.waitFor();
      await dialog(page).locator(':focus').filter({ hasText: 'Cancel' }).waitFor();
      await press(submit);
      await dialog(page).waitFor({ state: 'detached' });
    };

    test('users are searched, filtered, listed and opened', async () => {
      for (const user of ['anna', 'annabel', 'bob'])
        await newKey(service.url, `${user}-${inputName}`, {
          tier: user === 'bob' ? 'growth' : 'pioneer',
        });
      const { page, problems, requests } = await openWith(both);
      await page.getByText(both.page.output.stderr.trim()).waitFor();
      await page.getByText('Changes are recorded as olga.').waitFor();
      await button(page, `bob-${inputName}`).waitFor();

      await fill(page.getByLabel('Part of the user id'), 'ANNA');
      await press(button(page, 'Search'));
      await button(page, `bob-${inputName}`).waitFor({ state: 'detached' });
      await expect.poll(() => page.getByRole('row').count()).toBe(3);
      await select(page.getByLabel('Tier'), 'growth');
      await press(button(page, 'Search'));
      await page.getByText('No user matches.').waitFor();
      await fill(page.getByLabel('Part of the user id'), 'bob');
      await press(button(page, 'Search'));
      await press(button(page, `bob-${inputName}`));
      await page.getByRole('row', { name: /MyFirstKey ant-\w{4}… .*Active/ }).waitFor();
      await page.getByText('0 of').first().waitFor();
      await page.getByRole('row', { name: /user bob.* key\.issued MyFirstKey/ }).waitFor();

      await page.goBack();
      await button(page, 'Open user').waitFor();
      expect(page.url()).toBe(`http://127.0.0.1:${both.page.port}/`);
      await press(page.getByLabel('Suspended only'));
      await press(button(page, 'Search'));
      await page.getByText('No user matches.').waitFor();
      expect(problems).toEqual([]);
      const foreign = requests.filter(
        (url) => !url.startsWith(`http://127.0.0.1:${both.page.port}/`) && !url.startsWith('data:'),
      );
      expect(foreign).toEqual([]);
    });

    test('a user gets a tier, is suspended and resumed, and the audit log names the operator', async () => {
      const user = `carl-${inputName}`;
      const key = await newKey(service.url, user, { tier: 'growth' });
      const { page } = await openUser(user);

      await press(button(page, 'Set tier'));
      await select(dialog(page).getByLabel('Tier'), 'enterprise');
      await fill(dialog(page).getByLabel('Reason'), 'bought more');
      await press(button(dialog(page), 'Set tier'));
      await outcome(page, `${user}: growth -> enterprise.`);
      await page
        .getByRole('row', { name: /operator olga user\.tier_changed .*bought more/ })
        .waitFor();
      expect(await auditOf(user)).toContainEqual(
        expect.objectContaining({
          action: 'user.tier_changed',
          actor_kind: 'operator',
          actor_id: 'olga',
          reason: 'from growth to enterprise: bought more',
        }),
      );

      await press(button(page, 'Suspend'));
      await dialog(page)
        .getByText(`${user} will be suspended: 1 active key will be refused.`)
        .waitFor();
      await page.keyboard.press('Escape');
      await dialog(page).waitFor({ state: 'detached' });
      expect(await statusOf(key)).toBe(200);
      await confirm(page, 'Suspend', [
        `Suspend ${user}?`,
        `${user} will be suspended: 1 active key will be refused.`,
      ]);
      await outcome(page, `${user} is suspended: 1 key refused.`);
      await untilStatus(key, 401);

      await press(button(page, 'Resume'));
      await press(button(dialog(page), 'Resume'));
      await outcome(page, `${user} is no longer suspended.`);
      await untilStatus(key, 200);
      expect(await auditOf(user)).toContainEqual(
        expect.objectContaining({ action: 'user.resumed', actor_id: 'olga' }),
      );
    });

    test('one key, then all keys of a user are revoked', async () => {
      const user = `dora-${inputName}`;
      const keys = [];
      for (const name of ['first', 'second', 'third'])
        keys.push(await newKey(service.url, user, {}, name));
      const { page } = await openUser(user);
      await confirm(page, 'Revoke: first', [
        `Revoke the key “first” of ${user}?`,
        'No request with this key is known.',
        `The key “first” of ${user} will be revoked permanently.`,
      ]);
      await outcome(page, '1 key revoked.');
      await untilStatus(keys[0] as string, 401);
      await page.getByRole('row', { name: /^first/ }).waitFor({ state: 'detached' });
      await confirm(page, 'Revoke all keys', [
        `All keys of ${user} will be revoked permanently: 2 keys (2 active).`,
      ]);
      await outcome(page, '2 keys revoked.');
      await page.getByText('No keys.').waitFor();
      for (const key of keys) await untilStatus(key, 401);
      expect(
        await page.locator('#operators').evaluate((root) => root.shadowRoot?.textContent),
      ).not.toMatch(/[0-9a-f]{16}/);

      await press(button(page, 'Revoke all keys'));
      await dialog(page).getByText('There is no such key.').waitFor();
      await press(button(dialog(page), 'Close'));
      await dialog(page).waitFor({ state: 'detached' });
    });

    test('the usage of a user is reset, and the user is erased', async () => {
      const user = `emil-${inputName}`;
      const key = await newKey(service.url, user);
      expect(await statusOf(key)).toBe(200);
      const counted = async () => (await admin('usage', '--user', user))['day'] as object;
      await waitFor('the usage to be stored', async () =>
        JSON.stringify(await counted()).includes('"requests":1'),
      );
      const { page } = await openUser(user);
      await page.getByText('1 of').first().waitFor();
      await confirm(page, 'Reset usage', [`${user} will have full quotas.`]);
      await outcome(page, `The usage of ${user} is reset. It was 1 today and 1 this month.`);
      await page.getByText('0 of').first().waitFor();
      expect(await counted()).toMatchObject({ requests: 0 });

      await confirm(page, 'Erase', [
        `Everything that is stored about ${user} will be deleted permanently: 1 key (1 active), usage, and the audit log.`,
      ]);
      await outcome(page, `Everything that was stored about ${user} is deleted.`);
      await page.getByText('There is no such user.').waitFor();
      await page.getByRole('row', { name: /operator olga user\.erased/ }).waitFor();
      expect(await admin('list', '--user', user)).toEqual({ outcome: 'no_such_user' });
    });

    test('a pasted key leads to its owner and is revoked', async () => {
      const user = `fred-${inputName}`;
      const key = await newKey(service.url, user);
      const { page } = await openWith(both);
      await press(button(page, 'Find a key'));
      await fill(page.getByLabel('Key', { exact: true }), 'ant-wrong');
      await press(button(page, 'Find'));
      await page.getByText('The input is not a key of this service').waitFor();
      await fill(page.getByLabel('Key', { exact: true }), key);
      await press(button(page, 'Find'));
      await page.getByRole('row', { name: new RegExp(`${user} MyFirstKey`) }).waitFor();
      expect(await page.getByLabel('Key', { exact: true }).inputValue()).toBe('');
      expect(await page.content()).not.toContain(key);
      await confirm(page, 'Revoke: MyFirstKey', [
        `The key “MyFirstKey” of ${user} will be revoked permanently.`,
      ]);
      await outcome(page, '1 key revoked.');
      await untilStatus(key, 401);
      await page.getByRole('row').waitFor({ state: 'detached' });
      await press(button(page, user));
      await page.getByText('No keys.').waitFor();
    });

    test('stale keys, counts and peppers are shown, and the digest keys printed', async () => {
      await newKey(service.url, `gina-${inputName}`);
      const { page } = await openWith(both);
      await press(button(page, 'Stale keys'));
      await fill(page.getByLabel('Not used for days'), '0');
      await press(button(page, 'Find'));
      await page.getByText('Not used for days must be an integer from 1 to 365.').waitFor();
      await fill(page.getByLabel('Not used for days'), '30');
      await press(button(page, 'Find'));
      await page.getByText('Every key was used or issued within 30 days.').waitFor();

      await press(button(page, 'Numbers'));
      await press(button(page, 'Count users and keys'));
      await page.getByRole('row', { name: /^Users \d+$/ }).waitFor();
      await press(button(page, 'Count keys by pepper'));
      await page.getByRole('row', { name: /^test \d+ \d+ yes yes no$/ }).waitFor();
      await press(button(page, 'Print digest keys'));
      await press(button(dialog(page), 'Print'));
      await outcome(page, 'Printed in the terminal in which admin.js serve runs.');
      const { stdout } = await spawnAdmin(['digest-keys'], both.settings).result;
      await expect.poll(() => both.page.output.stdout).toContain(stdout);
      expect(await page.content()).not.toContain(stdout.trim());
    });
  },
);

describe.skipIf(!hasChromium)('the operators’ page', () => {
  let both: Both;
  beforeAll(async () => {
    both = await startBoth('SQLite');
  });
  afterAll(() => both.stop());

  test('the address opens one browser, which keeps the page when it is loaded again', async () => {
    const run = await startOperatorsPage(both.settings);
    onTestFinished(() => run.signal('SIGKILL'));
    const { page } = await openPage(browser);
    onTestFinished(() => page.context().close());
    await page.goto(run.address);
    await button(page, 'Open user').waitFor();
    expect(page.url()).toBe(`http://127.0.0.1:${run.port}/`);
    await page.reload();
    await button(page, 'Open user').waitFor();
    expect(await page.evaluate('document.cookie')).toBe('');

    const other = await openPage(browser);
    onTestFinished(() => other.page.context().close());
    await other.page.goto(run.address);
    await other.page.getByText('The address was used before, or is wrong.').waitFor();
    await other.page.goto(`http://127.0.0.1:${run.port}/`);
    await other.page.getByText('This tab has no session.').waitFor();
    await run.stop();
  });

  test('the page says when the run has ended, and shows nothing more once another has begun', async () => {
    await newKey(both.service.url, 'henry');
    const port = String(await freePort());
    const run = await startOperatorsPage(both.settings, ['--by', 'olga', '--port', port]);
    onTestFinished(() => run.signal('SIGKILL'));
    const { page } = await openPage(browser);
    onTestFinished(() => page.context().close());
    await page.goto(run.address);
    await button(page, 'henry').click();
    await page.getByRole('row', { name: /MyFirstKey ant-/ }).waitFor();
    await run.stop();
    await button(page, 'Suspend').click();
    await dialog(page).getByText('admin.js serve does not respond.').waitFor();
    await button(dialog(page), 'Cancel').click();

    const next = await startOperatorsPage(both.settings, ['--by', 'olga', '--port', port]);
    onTestFinished(() => next.signal('SIGKILL'));
    await button(page, 'Suspend').click();
    await page.getByText('The session has ended.').waitFor();
    expect(await page.getByText('henry').count()).toBe(0);
    await page.goto(next.address);
    await button(page, 'Open user').or(button(page, 'Set tier')).waitFor();
    await next.stop();
  });

  test('headings, sentences and labels show the characters that names and user ids hide', async () => {
    const store = withOperations(createMemoryStore());
    const createdAt = Math.floor(Date.now() / 1000);
    await store.issue(command({ createdAt, userId: 'an\u200bna', name: 'pay\u202eroll' }));
    const { page } = await openWith(await serveStore(store));
    await page.getByRole('button', { name: /^an.*na$/ }).click();
    await page.getByRole('heading', { name: 'an\\u{200b}na' }).waitFor();
    await button(page, 'Revoke: pay\\u{202e}roll').click();
    const question = 'Revoke the key “pay\\u{202e}roll” of an\\u{200b}na?';
    await dialog(page).getByRole('heading', { name: question }).waitFor();
  });

  test.each([
    ['Suspend', 'owner will be suspended'],
    ['Revoke: MyFirstKey', 'will be revoked permanently'],
  ])(
    'Enter in the reason of “%s” changes nothing, and Space on the button does',
    async (name, text) => {
      const store = withOperations(createMemoryStore());
      await store.issue(command({ createdAt: Math.floor(Date.now() / 1000), name: 'MyFirstKey' }));
      const { page, requests } = await openWith(await serveStore(store));
      const changes = () => requests.filter((url) => url.includes('/commands/')).length;
      await button(page, 'owner').click();
      await button(page.getByRole('main'), name).click();
      await dialog(page).getByText(text).waitFor();
      const submit = dialog(page).locator('.danger[aria-disabled=false]');
      await submit.waitFor();
      await keyboard.fill(dialog(page).getByLabel('Reason'), 'unused');
      const before = changes();
      await page.keyboard.press('Enter');
      await reach(submit);
      expect(changes()).toBe(before);
      await page.keyboard.press('Space');
      await dialog(page).waitFor({ state: 'detached' });
      expect(changes()).toBeGreaterThan(before);
    },
  );

  test('stale keys are read again after a change, also if the change is refused', async () => {
    const store = withOperations(createMemoryStore());
    const createdAt = Math.floor(Date.now() / 1000) - 10 * day;
    for (const name of ['first', 'second', 'third'])
      await store.issue(command({ createdAt, name }));
    const { page } = await openWith(await serveStore(store));
    await button(page, 'Stale keys').click();
    await page.getByLabel('Not used for days').fill('1');
    await button(page, 'Find').click();
    await button(page, 'Revoke: first of owner').click();
    await button(dialog(page), 'Revoke').click();
    await outcome(page, '1 key revoked.');
    await button(page, 'Revoke: first of owner').waitFor({ state: 'detached' });
    await button(page, 'Revoke: third of owner').waitFor();

    await button(page, 'Revoke: second of owner').click();
    const by = { kind: 'operator', id: 'otto' } as const;
    await store.revokeAll({ userId: 'owner', by, now: Math.floor(Date.now() / 1000) });
    await button(dialog(page), 'Revoke').click();
    await dialog(page).getByText('There is no such key.').waitFor();
    await button(dialog(page), 'Close').click();
    await page.getByText('Every key was used or issued within 1 day').waitFor();
  });

  test('the back button removes the outcome and the dialog of a change', async () => {
    const store = withOperations(createMemoryStore());
    const createdAt = Math.floor(Date.now() / 1000);
    for (const userId of ['anna', 'bob'])
      await store.issue(command({ createdAt, userId, name: 'MyFirstKey' }));
    const { page } = await openWith(await serveStore(store));
    const openUser = async (userId: string) => {
      await button(page, 'Users').click();
      await button(page, userId).click();
      await page.getByRole('heading', { name: userId }).waitFor();
    };
    await openUser('anna');
    await openUser('bob');
    await button(page, 'Revoke: MyFirstKey').click();
    await button(dialog(page), 'Revoke').click();
    await outcome(page, '1 key revoked.');
    await page.goBack();
    await page.goBack();
    await page.getByRole('heading', { name: 'anna' }).waitFor();
    expect(await page.locator('.outcome').textContent()).toBe('');
    await button(page, 'Revoke: MyFirstKey').click();
    await dialog(page).waitFor();
    await page.goForward();
    await page.getByRole('heading', { name: 'Users' }).waitFor();
    expect(await dialog(page).count()).toBe(0);
  });

  test('an error of the usage of a user is shown', async () => {
    const store = withOperations(createMemoryStore());
    await store.issue(command({ createdAt: Math.floor(Date.now() / 1000) }));
    const { page } = await openWith(await serveStore(store));
    await page.route('**/commands/usage', (route) =>
      route.fulfill({ status: 500, json: { error: 'The usage could not be read.' } }),
    );
    await button(page, 'owner').click();
    await page.getByRole('alert').filter({ hasText: 'The usage could not be read.' }).waitFor();
  });

  test('a page of another port cannot read it, call it or frame it', async () => {
    const attacker = await startPageServer({
      folder: pages,
      port: 0,
      idleTime: 60_000,
      about: {},
      execute: async () => ({ status: 200, json: {} }),
    });
    onTestFinished(() => attacker.close());
    const { page } = await openPage(browser, { bypassCSP: true });
    onTestFinished(() => page.context().close());
    await page.goto(`http://127.0.0.1:${attacker.port}/`);
    const target = `http://127.0.0.1:${both.page.port}`;
    const attempt = (init: object) =>
      page.evaluate(
        ([url, options]) =>
          fetch(url as string, options as object).then(
            ({ status, type }) => `${type} ${status}`,
            () => 'failed',
          ),
        [`${target}/commands/stats`, init] as const,
      );
    const headers = { Authorization: `Bearer ${both.session}`, 'Content-Type': 'application/json' };
    const body = '{"options":{}}';
    expect(await attempt({ method: 'POST', headers, body })).toBe('failed');
    expect(await attempt({ method: 'POST', body, mode: 'no-cors' })).toBe('failed');
    const framed = await page.evaluate<string>(`new Promise((resolve) => {
      const frame = document.createElement('iframe');
      frame.src = '${target}/';
      frame.onload = () => resolve(frame.contentDocument === null ? 'closed' : 'open');
      document.body.append(frame);
    })`);
    expect(framed).toBe('closed');
    expect(await page.frames().at(-1)?.getByText('Andamio operators').count()).toBe(0);
  });

  test('long lists are shown in parts, and names are shown as text', async () => {
    const store = withOperations(createMemoryStore());
    const name = '<img src=x onerror=alert(1)>';
    const createdAt = Math.floor(Date.now() / 1000) - 10 * day;
    for (let number = 0; number < 60; number++) {
      await store.issue(command({ createdAt, userId: `user-${number}`, name: `key ${number}` }));
      await store.issue(command({ createdAt, name: number === 0 ? name : `key ${number}` }));
    }
    const { page, problems } = await openWith(await serveStore(store));
    await expect.poll(() => page.getByRole('row').count()).toBe(51);
    await button(page, 'Show more users').click();
    await expect.poll(() => page.getByRole('row').count()).toBe(62);
    expect(await button(page, 'Show more users').count()).toBe(0);

    await page.getByLabel('User id', { exact: true }).fill('owner');
    await button(page, 'Open user').click();
    const audit = page.getByRole('table', { name: 'Audit log' });
    await expect.poll(() => audit.getByRole('row').count()).toBe(51);
    await button(page, 'Show older entries').click();
    await expect.poll(() => audit.getByRole('row').count()).toBe(61);
    await page.getByRole('table', { name: 'Keys' }).getByText(name).waitFor();
    await button(page, `Revoke: ${name}`).click();
    await dialog(page).getByText(`Revoke the key “${name}” of owner?`).waitFor();
    await button(dialog(page), 'Cancel').click();

    await button(page, 'Stale keys').click();
    await page.getByLabel('Not used for days').fill('1');
    await button(page, 'Find').click();
    await expect.poll(() => page.getByRole('row').count()).toBe(51);
    await button(page, 'Show more keys').click();
    await expect.poll(() => page.getByRole('row').count()).toBe(101);
    expect(problems).toEqual([]);
  });

  test('a database at Google is marked on the page, in its title and in each dialog', async () => {
    const { page } = await openWith(await serveStore(withOperations(createMemoryStore())));
    await page.getByText('LIVE DATABASE').waitFor();
    await page.getByText('the Firestore database andamio-api of project andamio').waitFor();
    expect(await page.title()).toBe('LIVE · Andamio: operators');
    await page.screenshot({ path: join(screenshots, 'operators-live.png') });
    expect(await seriousViolations(page)).toEqual([]);
    await button(page, 'Numbers').click();
    await button(page, 'Print digest keys').click();
    await dialog(page).getByText('LIVE: Working on the Firestore database').waitFor();
  });

  test.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
    ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 740 } }],
  ] as const)(
    'the %s page has no serious axe-core violation and fits the window',
    async (name, options) => {
      const user = `ida-of-a-long-issuer-name|0123456789-${name}`;
      await newKey(both.service.url, user, {}, 'CI on main');
      const { page } = await openWith(both, options);
      const inspect = async (state: string) => {
        await page.screenshot({ path: join(screenshots, `operators-${state}-${name}.png`) });
        expect(await seriousViolations(page), state).toEqual([]);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect(width, state).toBe(options.viewport.width);
      };
      await button(page, user).waitFor();
      await inspect('users');
      await button(page, user).click();
      await page.getByRole('row', { name: /key\.issued/ }).waitFor();
      await page.getByRole('heading', { name: 'Requests' }).waitFor();
      await page.getByRole('row', { name: /^(Name )?CI on main/ }).waitFor();
      await inspect('user');
      await button(page, 'Erase').click();
      await dialog(page).locator('.danger[aria-disabled=false]').waitFor();
      await inspect('erase');
      await page.keyboard.press('Escape');
      await button(page, 'Find a key').click();
      await page.getByLabel('Key', { exact: true }).waitFor();
      await inspect('key');
      await button(page, 'Stale keys').click();
      await page.getByLabel('Not used for days').waitFor();
      await inspect('stale');
      await button(page, 'Numbers').click();
      await button(page, 'Count users and keys').click();
      await button(page, 'Count keys by pepper').click();
      await page.getByRole('row', { name: /(^|Version )test / }).waitFor();
      await page.getByRole('row', { name: /(^|Kind )Expired keys/ }).waitFor();
      await inspect('numbers');
    },
  );
});
