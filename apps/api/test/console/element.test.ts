import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser, openPage, seriousViolations } from '@andamio/testing/browser';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { tokenFor } from '@andamio/testing/tokens';
import type { Browser, BrowserContextOptions, Locator, Page, Route } from 'playwright-core';
import {
  afterAll,
  beforeAll,
  beforeEach,
  describe,
  expect,
  inject,
  onTestFinished,
  test,
} from 'vitest';
import { type HostPage, startHostPage } from './host-page.ts';

const screenshots = join(import.meta.dirname, '../../reports/screenshots');

const keyForm = /^ant-[0-9A-Za-z]{40}$/;

/** The last use of a key that a test used, also if a minute has ended since. */
const lastMinutes = /this minute|[1-5] minutes? ago/;
const usedOnce = new RegExp(`Last used (?:${lastMinutes.source}); 1 request in 30 days\\.`);

/** Returns everything in which a page could keep a secret, except its JavaScript variables. */
const traces = (page: Page) =>
  page.evaluate<string>(`(async () => {
    const element = document.querySelector('andamio-keys');
    const all = [document, element.shadowRoot].flatMap((root) => [...root.querySelectorAll('*')]);
    return JSON.stringify([
      { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state,
      await indexedDB.databases(), await caches.keys(), events, String(element), { ...element },
      all.flatMap(({ attributes }) => [...attributes].map(({ value }) => value)),
      element.shadowRoot.textContent,
      all.map(({ value }) => value),
    ]);
  })()`);

describe.skipIf(!inject('available').includes('chromium'))('<andamio-keys> in Chromium', () => {
  let host: HostPage;
  let service: TestProcess;
  let browser: Browser;

  /** The origin of the same page under a name that is no loopback host, which needs HTTPS. */
  const intranet = () => host.origin.replace('127.0.0.1', 'intranet.test');
  const origins = () => `${host.origin},${intranet()}`;

  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    host = await startHostPage();
    service = await startProcess({ CORS_ORIGINS: origins() });
    host.use(service.url);
    browser = await launchBrowser();
  });
  beforeEach(() => host.onToken((user) => tokenFor(user)));
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  /** Restarts the service with the same port and data. */
  const restart = async () => {
    service = await startProcess(
      { CORS_ORIGINS: origins(), PORT: String(service.port) },
      service.folder,
    );
  };

  const post = (path: string, user: string, body: unknown) =>
    fetch(`${service.url}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tokenFor(user)}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  const issue = async (user: string, name: string, days = 90): Promise<string> => {
    const response = await post('apikey/request', user, {
      api_key_name: name,
      expires_in_days: days,
    });
    return ((await response.json()) as { api_key: string }).api_key;
  };
  const verify = async (key: string) => {
    const response = await fetch(`${service.url}/api/v1/apikey/verify`, {
      headers: { 'x-api-key': key },
    });
    return response.status;
  };
  const list = async (user: string) => {
    const response = await fetch(`${service.url}/api/v1/apikey/list`, {
      headers: { authorization: `Bearer ${tokenFor(user)}` },
    });
    return ((await response.json()) as { keys: { name: string; state: string }[] }).keys;
  };

  /** Opens the page as a user and waits until the element shows the keys. */
  const open = async (user: string, options: BrowserContextOptions = {}) => {
    const opened = await openPage(browser, options);
    const { page } = opened;
    await page.goto(`${host.origin}/?user=${user}`);
    await page.getByRole('button', { name: 'Create key' }).waitFor();
    await page.getByRole('heading', { name: 'Requests with your keys' }).waitFor();
    return opened;
  };

  const dialog = (page: Page) => page.getByRole('dialog').or(page.getByRole('alertdialog'));
  const keyField = (page: Page) => page.getByLabel('Your key', { exact: true });
  const announcement = (page: Page, text: string) =>
    page.getByRole('status').filter({ hasText: text }).waitFor({ state: 'attached' });

  /** Waits until an element has the focus. */
  const focused = (target: Locator) =>
    expect.poll(() => target.evaluate((element) => element.matches(':focus'))).toBe(true);

  /** Fills in the form for a new key and sends it. */
  const create = async (page: Page, name: string) => {
    await page.getByRole('button', { name: 'Create key' }).click();
    await dialog(page).getByLabel('Name').fill(name);
    await dialog(page).getByRole('button', { name: 'Create key' }).click();
  };

  test('with the keyboard alone, a user creates, copies, replaces, extends and deletes a key', async () => {
    const { page, problems } = await open('typist', {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    const reach = async (target: Locator) => {
      for (let presses = 0; presses < 30; presses++) {
        if (await target.evaluate((element) => element.matches(':focus'))) return;
        await page.keyboard.press('Tab');
      }
      expect.fail(`The Tab key does not reach ${target}.`);
    };
    const press = async (target: Locator, key = 'Enter') => {
      await reach(target);
      await page.keyboard.press(key);
    };
    const button = (name: string) => page.getByRole('button', { name, exact: true });

    await press(button('Create key'));
    await page.keyboard.type('CI');
    await page.keyboard.press('Enter');
    await page.getByRole('alert').filter({ hasText: '3 to 100 characters' }).waitFor();
    await page.keyboard.type(' on main');
    await press(dialog(page).getByLabel('90 days'), 'ArrowRight');
    await press(dialog(page).getByLabel('365 days'), 'ArrowRight');
    await reach(dialog(page).getByRole('textbox', { name: 'Number of days' }));
    await page.keyboard.type('1');
    await page.keyboard.press('Enter');

    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    const first = await keyField(page).inputValue();
    expect(first).toMatch(keyForm);
    await page.keyboard.press('Escape');
    await page.getByText('You have not copied this key').waitFor();
    await press(button('Keep open'));
    await press(dialog(page).getByRole('button', { name: 'Copy', exact: true }));
    await button('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(first);
    await press(button('I have stored it'));
    await dialog(page).waitFor({ state: 'detached' });
    await announcement(page, 'The key “CI on main” was created.');
    await focused(button('Create key'));

    await press(button('Replace secret: CI on main'));
    await press(dialog(page).getByLabel('1 day'), 'ArrowLeft');
    await press(dialog(page).getByRole('button', { name: 'Replace secret' }));
    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    const second = await keyField(page).inputValue();
    expect(second).toMatch(keyForm);
    expect(second).not.toBe(first);
    await press(button('Copy .env line'));
    await button('Copied').waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toBe(`ANT_API_KEY=${second}`);
    await press(button('I have stored it'));
    await page.getByText('Old secret, works until').waitFor();
    expect([await verify(first), await verify(second)]).toEqual([200, 200]);

    await press(button('Extend: CI on main'));
    await press(dialog(page).getByRole('button', { name: 'Extend' }));
    await announcement(page, 'The key “CI on main” was extended.');
    await page.getByText('Can be extended from').waitFor();

    await expect
      .poll(
        async () => {
          await press(button('Refresh'));
          return page.getByRole('row', { name: 'CI on main' }).first().textContent();
        },
        { interval: 1000 },
      )
      .toMatch(lastMinutes);
    await press(button('Delete: CI on main'));
    await dialog(page).waitFor();
    await focused(button('Cancel'));
    await press(dialog(page).getByRole('checkbox'), 'Space');
    await press(dialog(page).getByRole('button', { name: 'Delete' }));
    await announcement(page, 'The key “CI on main” was deleted.');
    await page.getByText('No keys yet').waitFor();
    await focused(page.getByRole('heading', { name: 'API keys' }));
    expect(await list('typist')).toEqual([]);

    for (const secret of [first, second]) expect(await traces(page)).not.toContain(secret);
    expect(problems).toEqual([]);
    expect(host.reports).toEqual([]);
    await page.context().close();
  });

  test('an answer that is lost because the service was killed is repeated, and ends in one key', async () => {
    const { page } = await open('unlucky');
    let created: string | undefined;
    const requests: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/apikey/request'))
        requests.push(request.headers()['idempotency-key'] ?? '');
    });
    const lose = async (route: Route) => {
      const answer = await route.fetch();
      created = ((await answer.json()) as { api_key: string }).api_key;
      await service.stop('SIGKILL');
      await route.abort('connectionreset');
      await page.unroute('**/apikey/request');
    };
    await page.route('**/apikey/request', lose, { times: 1 });
    await create(page, 'lost and found');
    await page.getByText('No answer yet. Trying again').waitFor();
    await restart();
    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    expect(await keyField(page).inputValue()).toBe(created);
    expect(requests.length).toBeGreaterThan(1);
    expect(new Set(requests).size).toBe(1);
    expect(await list('unlucky')).toHaveLength(1);
    await page.context().close();
  });

  /** Answers requests with "Too many requests". */
  const limit = (route: Route, retryAfter: string) =>
    route.fulfill({
      status: 429,
      headers: {
        'access-control-allow-origin': host.origin,
        'access-control-expose-headers': 'Retry-After, X-Error-Code',
        'retry-after': retryAfter,
        'x-error-code': 'rate_limited',
      },
      json: { details: 'Rate limit', message: 'Too Many Requests', statusCode: 429 },
    });
  /** Lets the service process a request, and loses its answer. */
  const loseAnswer = async (route: Route) => {
    await route.fetch();
    await route.abort('connectionreset');
  };

  /** Sets the page's monotonic clock forward by more than a minute, and stops it. */
  const waitAMinute = (page: Page) =>
    page.evaluate('{ const now = performance.now(); performance.now = () => now + 60_001 }');

  test('a key whose answer was lost is in the list when its dialog is closed', async () => {
    const { page } = await open('doubtful');
    await page.route('**/apikey/request', (route) => limit(route, '60'));
    await page.route('**/apikey/request', loseAnswer, { times: 1 });
    await create(page, 'perhaps');
    await dialog(page).getByText('the change may have been made').waitFor();
    await dialog(page).getByText('Too many requests.').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('row', { name: 'perhaps' }).waitFor();
    await page.context().close();
  });

  test('a deletion that is tried again after all its answers were lost has succeeded', async () => {
    await issue('persistent', 'unwanted');
    const { page } = await open('persistent');
    await page.route('**/apikey/delete', async (route) => {
      await waitAMinute(page);
      await loseAnswer(route);
      await page.unroute('**/apikey/delete');
    });
    await page.getByRole('button', { name: 'Delete: unwanted' }).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await dialog(page).getByText('the change may have been made').waitFor();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await announcement(page, 'The key “unwanted” was deleted.');
    await page.getByText('No keys yet').waitFor();
    await page.context().close();
  });

  test('a key whose previous secret is in use is not called unused', async () => {
    const key = await issue('roller', 'in use');
    expect(await verify(key)).toBe(200);
    await post('apikey/roll', 'roller', { api_key_name: 'in use', grace_seconds: 3600 });
    const { page } = await open('roller');
    await expect
      .poll(async () => {
        await page.getByRole('button', { name: 'Refresh' }).click();
        return page.getByRole('row', { name: 'Old secret' }).textContent();
      })
      .toMatch(lastMinutes);

    await page.getByRole('button', { name: 'Replace secret: in use' }).click();
    await dialog(page).getByLabel('It expires now').check();
    await dialog(page).getByText(usedOnce).waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Delete: in use' }).click();
    await dialog(page).getByText(usedOnce).waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await post('apikey/roll', 'roller', { api_key_name: 'in use', grace_seconds: 0 });
    // The dialog reads the list again, and finds the key although its secret was replaced elsewhere.
    await waitAMinute(page);
    await page.getByRole('button', { name: 'Delete: in use' }).click();
    await dialog(page)
      .getByText('1 request in 30 days, but none with the current secret is known.')
      .waitFor();
    await page.context().close();
  });

  test('a second click, also after an error, does not create a second key', async () => {
    const { page } = await open('impatient');
    await page.getByRole('button', { name: 'Create key' }).click();
    await dialog(page).getByLabel('Name').fill('only one');
    // The service creates the key, but the page gets an answer that it cannot understand.
    await page.route(
      '**/apikey/request',
      async (route) => {
        await route.fetch();
        await route.fulfill({ status: 404, body: 'a proxy' });
      },
      { times: 1 },
    );
    const submit = dialog(page).getByRole('button', { name: 'Create key' });
    await submit.dblclick();
    await dialog(page).getByRole('alert').waitFor();
    await submit.click();
    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    expect(await verify(await keyField(page).inputValue())).toBe(200);
    expect(await list('impatient')).toHaveLength(1);
    await page.context().close();
  });

  test('a token that expires in the middle is renewed once, and the request is repeated', async () => {
    const refreshes: boolean[] = [];
    let isExpired = false;
    host.onToken((user, refresh) => {
      refreshes.push(refresh);
      if (refresh) isExpired = false;
      return tokenFor(user, isExpired ? { exp: 1 } : {});
    });
    const { page } = await open('tired');
    expect(refreshes).not.toContain(true);
    isExpired = true;
    await create(page, 'renewed');
    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    expect(refreshes.filter((refresh) => refresh)).toHaveLength(1);
    await page.context().close();
  });

  test('a user who is signed out in the middle of a change signs in beside the dialog, and makes the change only once', async () => {
    const { page } = await open('interrupted');
    const requests: string[] = [];
    page.on('request', (request) => {
      if (request.method() === 'POST' && request.url().endsWith('/apikey/request'))
        requests.push(request.headers()['idempotency-key'] ?? '');
    });
    // The page's own sign-in, which a modal dialog would cover.
    await page.evaluate(`{
      const button = document.createElement('button');
      button.textContent = 'Sign in here';
      button.addEventListener('click', () => {
        document.querySelector('andamio-keys').getToken = async () => ${JSON.stringify(tokenFor('interrupted', { jti: 'second' }))};
      });
      document.body.append(button);
      document.addEventListener('andamio-auth-required', () => button.focus());
    }`);
    let created: unknown;
    await page.route(
      '**/apikey/request',
      async (route) => {
        created = ((await (await route.fetch()).json()) as { api_key: string }).api_key;
        host.onToken(() => '');
        await route.abort('connectionreset');
      },
      { times: 1 },
    );
    await create(page, 'interrupted');
    const form = dialog(page);
    await form.getByText('the change may have been made').waitFor();
    await form.getByText('You are signed out').waitFor();
    await focused(page.getByRole('button', { name: 'Sign in here' }));
    expect(await seriousViolations(page)).toEqual([]);
    const isModal = () => form.evaluate((element) => element.matches(':modal'));
    expect(await isModal()).toBe(false);
    // No other change replaces the one that waits.
    await page.getByRole('button', { name: 'Create key' }).first().click({ force: true });
    expect(await form.getByLabel('Name').inputValue()).toBe('interrupted');
    await page.getByRole('button', { name: 'Sign in here' }).click();
    await expect.poll(isModal).toBe(true);
    await form.getByText('You are signed out').waitFor({ state: 'detached' });
    await form.getByText('the change may have been made').waitFor();
    expect(await form.getByLabel('Name').inputValue()).toBe('interrupted');
    await form.getByRole('button', { name: 'Create key' }).click();
    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    expect(await keyField(page).inputValue()).toBe(created);
    expect(requests).toHaveLength(2);
    expect(new Set(requests).size).toBe(1);
    expect(await list('interrupted')).toHaveLength(1);
    await page.context().close();
  });

  test('a change that waits for the sign-in can be given up', async () => {
    await issue('resigned', 'kept');
    const { page } = await open('resigned');
    await page.getByRole('button', { name: 'Delete: kept' }).click();
    host.onToken(() => '');
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await dialog(page).getByText('You are signed out').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    host.onToken((user) => tokenFor(user));
    await page.getByRole('button', { name: 'Delete: kept' }).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await announcement(page, 'The key “kept” was deleted.');
    await page.context().close();
  });

  test('the new key stays on screen when the user is signed out', async () => {
    const { page } = await open('departing');
    await page.route('**/apikey/request', async (route) => {
      const response = await route.fetch();
      host.onToken(() => '');
      await route.fulfill({ response });
    });
    await create(page, 'still here');
    await page.getByText('You are signed out').waitFor({ state: 'attached' });
    expect(await keyField(page).inputValue()).toMatch(keyForm);
    expect(await page.evaluate('events.map(({ type }) => type)')).toContain(
      'andamio-auth-required',
    );
    await page.context().close();
  });

  test("a token of another user shows none of the first user's keys and changes no key", async () => {
    await issue('first', 'shared');
    await issue('first', 'private');
    await issue('second', 'shared');
    const { page } = await open('first');
    await page.getByRole('button', { name: 'Delete: shared' }).click();
    await dialog(page).getByText('This key was never used.').waitFor();
    host.onToken(() => tokenFor('second', { scope: 'apikey:write' }));
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await page.getByText('Your sign-in does not allow this').waitFor();
    await dialog(page).waitFor({ state: 'detached' });
    await page.getByRole('row').waitFor({ state: 'detached' });
    expect([await list('first'), await list('second')]).toMatchObject([
      { length: 2 },
      { length: 1 },
    ]);
    expect(await page.evaluate('events')).not.toContainEqual(
      expect.objectContaining({ type: 'andamio-auth-required' }),
    );
    await page.context().close();
  });

  /**
   * Assigns a new `getToken`, as frameworks do when they render the page. Waits until the element
   * has asked it for a token.
   *
   * @param answer a JavaScript expression of what the function returns.
   */
  const assign = (page: Page, answer: string) =>
    page.evaluate(`new Promise((resolve) => {
      document.querySelector('andamio-keys').getToken = async () => {
        setTimeout(resolve);
        return ${answer};
      };
    })`);

  test('a new key stays on screen when the page assigns getToken, texts or the same base-url again', async () => {
    const { page, requests } = await open('rerendered');
    const token = JSON.stringify(tokenFor('rerendered'));
    await page.route(
      '**/apikey/request',
      async (route) => {
        const response = await route.fetch();
        await assign(page, token);
        await route.fulfill({ response });
      },
      { times: 1 },
    );
    await create(page, 'kept');
    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    await page.getByRole('rowheader', { name: 'kept', includeHidden: true }).waitFor();
    const secret = await keyField(page).inputValue();
    const sent = () => requests.filter((url) => url.startsWith(service.url)).length;
    const before = sent();
    await assign(page, token);
    await assign(page, 'null');
    await assign(page, "Promise.reject(new Error('offline'))");
    await page.evaluate(`{
      const element = document.querySelector('andamio-keys');
      element.texts = { hide: 'Conceal' };
      element.setAttribute('base-url', element.getAttribute('base-url') + '/');
    }`);
    await dialog(page).getByRole('button', { name: 'Conceal' }).waitFor();
    expect(await keyField(page).inputValue()).toBe(secret);
    expect(sent()).toBe(before);
    await page.context().close();
  });

  test("a getToken that returns another user's token shows that user's keys without a request of the first", async () => {
    await issue('leaving', 'of the first user');
    await issue('arriving', 'of the second user');
    const { page } = await open('leaving');
    await page.getByRole('button', { name: 'Delete: of the first user' }).click();
    await dialog(page).waitFor();
    await assign(page, JSON.stringify(tokenFor('arriving')));
    await page.getByRole('row', { name: 'of the second user' }).waitFor();
    expect(await dialog(page).count()).toBe(0);
    expect(await page.getByRole('row', { name: 'of the first user' }).count()).toBe(0);
    await page.context().close();
  });

  test.each([
    ['signed out', 'null', 'You are signed out.'],
    ['of unknown sign-in', 'Promise.reject()', 'Your sign-in could not be checked.'],
  ])(
    'a user who was %s sees their keys when the page assigns a getToken with a token',
    async (_, answer, text) => {
      await issue('returning', 'waiting');
      const { page } = await open('returning');
      await assign(page, answer);
      await page.getByRole('button', { name: 'Refresh' }).click();
      await page.getByText(text).waitFor();
      await assign(page, JSON.stringify(tokenFor('returning', { jti: 'renewed' })));
      await page.getByText(text).waitFor({ state: 'detached' });
      await page.getByRole('row', { name: 'waiting' }).waitFor();
      await page.context().close();
    },
  );

  test('"Copied" appears only if the clipboard accepts the key, and closing asks otherwise', async () => {
    const { page } = await open('forbidden', { permissions: [] });
    await page.evaluate(
      `navigator.clipboard.writeText = () => Promise.reject(new DOMException('', 'NotAllowedError'))`,
    );
    await create(page, 'uncopied');
    await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('Copying failed. The key is selected').waitFor();
    expect(await page.getByText('Copied', { exact: true }).count()).toBe(0);
    const secret = await keyField(page).inputValue();
    const selected = () =>
      keyField(page).evaluate((element) => {
        const input = element as unknown as { selectionStart: number; selectionEnd: number };
        return input.selectionEnd - input.selectionStart;
      });
    await expect.poll(selected).toBe(secret.length);
    // Browsers close a dialog at the second Escape, whatever the page does.
    for (const isAsking of [true, false, true]) {
      await page.keyboard.press('Escape');
      await page.getByText('Close anyway?').waitFor({ state: isAsking ? 'visible' : 'detached' });
      await keyField(page).waitFor();
    }
    await page.getByRole('button', { name: 'Close anyway' }).click();
    await dialog(page).waitFor({ state: 'detached' });
    expect(await traces(page)).not.toContain(secret);
    await create(page, 'another');
    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    expect(await keyField(page).inputValue()).not.toBe(secret);
    await page.context().close();
  });

  test('no secret is in the memory of the page ten seconds after the reveal was closed', async () => {
    const { page } = await open('forgetful', { permissions: ['clipboard-write'] });
    await create(page, 'forgotten');
    await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
    const secret = await keyField(page).inputValue();
    const devtools = await page.context().newCDPSession(page);
    const isInMemory = async () => {
      const chunks: string[] = [];
      const collect = ({ chunk }: { chunk: string }) => chunks.push(chunk);
      await devtools.send('HeapProfiler.collectGarbage');
      devtools.on('HeapProfiler.addHeapSnapshotChunk', collect);
      await devtools.send('HeapProfiler.takeHeapSnapshot');
      devtools.off('HeapProfiler.addHeapSnapshotChunk', collect);
      return chunks.join('').includes(secret);
    };
    expect(await isInMemory()).toBe(true);
    await page.getByRole('button', { name: 'I have stored it' }).click();
    await expect.poll(isInMemory, { timeout: 10_000 }).toBe(false);
    await page.context().close();
  });

  test('removing the element removes the key that it shows', async () => {
    const { page } = await open('removed');
    await create(page, 'removed');
    const secret = await keyField(page).inputValue();
    await page.evaluate(`{
      const element = document.querySelector('andamio-keys');
      const parent = element.parentNode;
      element.remove();
      parent.append(element);
    }`);
    await page.getByRole('row', { name: 'removed' }).waitFor();
    expect(await traces(page)).not.toContain(secret);
    await page.context().close();
  });

  test('a user over the rate limit sees how long to wait, and the list is then read by itself', async () => {
    const { page } = await open('hasty');
    await page.route('**/apikey/list*', (route) => limit(route, '2'), { times: 1 });
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('Too many requests.').waitFor();
    await page.getByText(/Wait \d s\./).waitFor();
    await page.getByText('Too many requests.').waitFor({ state: 'detached' });
    await page.context().close();
  });

  test('a user without a connection is told so, and the list is read when it is back', async () => {
    const { page } = await open('traveler');
    await page.context().setOffline(true);
    await page.getByText('You are offline').waitFor();
    await issue('traveler', 'made elsewhere');
    await page.context().setOffline(false);
    await page.getByText('You are offline').waitFor({ state: 'detached' });
    await page.getByRole('row', { name: 'made elsewhere' }).waitFor();
    await page.context().close();
  });

  test('errors of a form appear at the field, and the name is shown as text', async () => {
    const name = '<img src=x onerror="document.title=1">';
    await issue('careful', name);
    const { page } = await open('careful');
    await page.getByRole('rowheader', { name }).waitFor();
    await create(page, name);
    await page.getByText('You already have a key with this name').waitFor();
    const field = dialog(page).getByLabel('Name');
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    await focused(field);
    await page.context().close();
  });

  test('on a page without HTTPS, a user creates and deletes a key, and copies it by selecting it', async () => {
    const insecure = await launchBrowser('--host-resolver-rules=MAP intranet.test 127.0.0.1');
    onTestFinished(() => insecure.close());
    const { page, problems } = await openPage(insecure);
    await page.goto(`${intranet()}/?user=insecure`);
    await page.getByText('No keys yet').waitFor();
    expect(await page.evaluate('isSecureContext')).toBe(false);
    await create(page, 'intranet');
    expect(await keyField(page).inputValue()).toMatch(keyForm);
    await dialog(page).getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByText('Copying failed. The key is selected').waitFor();
    await page.getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('button', { name: 'Close anyway' }).click();
    await page.getByRole('button', { name: 'Delete: intranet' }).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await announcement(page, 'The key “intranet” was deleted.');
    expect(problems).toEqual([]);
  });

  test('a base-url to which no token may be sent is explained, and the element starts when it is corrected', async () => {
    const { page, problems } = await open('misled');
    const setUpWrongly = page.getByRole('alert').filter({ hasText: 'This page is set up wrongly' });
    for (const url of ['http://api.example.com', 'ftp://x', 'no URL']) {
      await page.evaluate(
        `document.querySelector('andamio-keys').setAttribute('base-url', '${url}')`,
      );
      await setUpWrongly.waitFor();
      expect(await page.getByRole('button').count()).toBe(0);
    }
    const wrong = { type: 'andamio-error', detail: { code: 'invalid_base_url' } };
    expect(await page.evaluate('events')).toEqual([wrong, wrong, wrong]);
    // Frameworks assign a new function whenever they render the page.
    await page.evaluate(`{
      const element = document.querySelector('andamio-keys');
      const { getToken } = element;
      element.getToken = undefined;
      element.getToken = async (options) => getToken(options);
      element.getToken = async (options) => getToken(options);
      element.texts = { errors: { baseUrl: 'Falsch eingerichtet.' } };
    }`);
    await page.getByText('Falsch eingerichtet.').waitFor();
    expect(await page.evaluate('events.length')).toBe(4);
    await page.evaluate(
      `document.querySelector('andamio-keys').setAttribute('base-url', '${service.url}')`,
    );
    await page.getByText('No keys yet').waitFor();
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('a full tier is explained before a key is requested', async () => {
    host.onToken((user) => tokenFor(user, { tier: 'pioneer' }));
    const { page } = await open('modest');
    await page.getByText('0 of 1 key used (pioneer)').waitFor();
    await create(page, 'the only one');
    await dialog(page).getByRole('button', { name: 'I have stored it' }).click();
    await page.getByRole('button', { name: 'Close anyway' }).click();
    await page.getByText('1 of 1 key used (pioneer)').waitFor();
    await page.getByText('You hold as many keys as your tier allows.').waitFor();
    await page.getByRole('button', { name: 'Create key' }).click({ force: true });
    expect(await dialog(page).count()).toBe(0);
    await page.context().close();
  });

  test('a token that only reads shows keys without actions once it has been refused, until there is another', async () => {
    await issue('auditor', 'untouchable');
    host.onToken((user) => tokenFor(user, { scope: 'apikey:read' }));
    const { page } = await open('auditor');
    await page.getByRole('button', { name: 'Delete: untouchable' }).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await dialog(page).getByText('Your sign-in does not allow this').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await page.getByText('Your sign-in allows you to see keys, but not to change them.').waitFor();
    expect(await page.getByRole('button', { name: /Delete|Create/ }).count()).toBe(0);
    expect(await list('auditor')).toHaveLength(1);
    host.onToken((user) => tokenFor(user));
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByRole('button', { name: 'Delete: untouchable' }).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await announcement(page, 'The key “untouchable” was deleted.');
    await page.context().close();
  });

  test('a delete whose answer was lost is repeated, and a failed one keeps the row', async () => {
    await issue('deleter', 'first');
    await issue('deleter', 'second');
    const { page } = await open('deleter');
    await page.route('**/apikey/delete', loseAnswer, { times: 1 });
    const remove = async (name: string) => {
      await page.getByRole('button', { name: `Delete: ${name}` }).click();
      await dialog(page).getByText('This key was never used.').waitFor();
      expect(await dialog(page).getByRole('checkbox').count()).toBe(0);
      await dialog(page).getByRole('button', { name: 'Delete' }).click();
    };
    await remove('first');
    await announcement(page, 'The key “first” was deleted.');
    host.onToken(() => '');
    await remove('second');
    await dialog(page).getByText('You are signed out').waitFor();
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    expect(await page.getByRole('row', { name: 'second' }).count()).toBe(1);
    await page.context().close();
  });

  test.each([
    ['ahead', 3],
    ['behind', -2],
  ])(
    "with a browser clock that is %s by days, the service's time decides what is shown and asked",
    async (direction, days) => {
      const user = `out of time, ${direction}`;
      expect(await verify(await issue(user, 'in use', 2))).toBe(200);
      const { page } = await openPage(browser);
      await page.clock.install({ time: Date.now() + days * 86_400_000 });
      await page.goto(`${host.origin}/?user=${user}`);
      const row = page.getByRole('row', { name: 'in use' });
      await expect
        .poll(async () => {
          await page.getByRole('button', { name: 'Refresh' }).click();
          return row.textContent();
        })
        .toMatch(lastMinutes);
      expect(await row.textContent()).toContain('Expires soon');
      await page.getByText(/^1 of \S+ keys? used/).waitFor();
      const today = new Intl.DateTimeFormat('en-US', { dateStyle: 'medium', timeZone: 'UTC' });
      await page
        .getByRole('img', { name: `1 request in 30 days, on ${today.format(Date.now())}` })
        .waitFor();
      expect(await page.getByRole('button', { name: 'Extend: in use' }).count()).toBe(0);
      expect(await page.getByRole('button', { name: 'Replace secret: in use' }).count()).toBe(1);
      await page.getByRole('button', { name: 'Delete: in use' }).click();
      await dialog(page).getByText(usedOnce).waitFor();
      await dialog(page).getByRole('checkbox').waitFor();
      await page.context().close();
    },
  );

  test('many keys can be searched, filtered and sorted, and no match is not an empty list', async () => {
    for (const index of [1, 2, 3, 4, 5]) await issue('collector', `service ${index}`);
    await issue('collector', 'ending', 3);
    const { page } = await open('collector');
    const names = () => page.getByRole('rowheader').allTextContents();
    await expect.poll(async () => (await names())[0]).toBe('ending');
    await page.getByRole('button', { name: '1 key expires soon' }).click();
    await expect.poll(names).toEqual(['ending']);
    await page.getByRole('button', { name: 'Show all keys' }).click();
    await page.getByRole('searchbox').fill('SERVICE 4');
    await expect.poll(names).toEqual(['service 4']);
    await page.getByRole('searchbox').fill('nothing');
    await page.getByText('No key matches.').waitFor();
    await page.getByRole('button', { name: 'Show all keys' }).click();
    await page.getByLabel('Sort by').selectOption('Name');
    await page.locator('th[aria-sort=ascending]', { hasText: 'Name' }).waitFor();
    expect((await names()).slice(0, 2)).toEqual(['ending', 'service 1']);
    await page.context().close();
  });

  test('the list is read once after a change, and before one only if it is older than a minute', async () => {
    await issue('thrifty', 'first');
    await issue('thrifty', 'second');
    const { page, requests } = await open('thrifty');
    const reads = () => requests.filter((url) => url.includes('/apikey/list')).length;
    const before = reads();
    await page.getByRole('button', { name: 'Delete: first' }).click();
    await dialog(page).getByRole('button', { name: 'Delete' }).click();
    await announcement(page, 'The key “first” was deleted.');
    await page.locator('table[aria-busy=false]').waitFor();
    expect(reads() - before).toBe(1);
    await waitAMinute(page);
    const read = page.waitForResponse('**/apikey/list*');
    await page.getByRole('button', { name: 'Delete: second' }).click();
    await read;
    await dialog(page).getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Delete: second' }).click();
    await dialog(page).getByText('This key was never used.').waitFor();
    expect(reads() - before).toBe(2);
    await page.context().close();
  });

  test('a page can replace the texts and the language of dates', async () => {
    await issue('berliner', 'server');
    const { page } = await open('berliner');
    await page.evaluate(`document.querySelector('andamio-keys').texts = {
      locale: 'de-DE', delete: 'Löschen', deleteHeading: (name) => name + ' löschen?',
      columns: { expires: 'Läuft ab' },
    }`);
    const headings = page.getByRole('columnheader').filter({ hasText: /^(Name|Läuft ab)$/ });
    await expect.poll(() => headings.count()).toBe(2);
    await page.getByRole('button', { name: 'Löschen: server' }).click();
    await page.getByRole('heading', { name: 'server löschen?' }).waitFor();
    await dialog(page).getByRole('button', { name: 'Löschen' }).click();
    await page.getByText('No keys yet').waitFor();
    await page.context().close();
  });

  test.each(['yellow', 'navy'])(
    'text on buttons is legible if the accent is %s',
    async (accent) => {
      const { page } = await open('painter');
      await page.evaluate(`document.querySelector('andamio-keys').className = '${accent}'`);
      expect(await seriousViolations(page)).toEqual([]);
      await page.context().close();
    },
  );

  test.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
    ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 740 } }],
  ] as const)(
    'the %s element has no serious axe-core violation in any state, and fits the window',
    async (name, options) => {
      const user = `reader-${name}`;
      const { page, problems } = await open(user, { ...options, reducedMotion: 'reduce' });
      const inspect = async (state: string) => {
        await page.screenshot({ path: join(screenshots, `keys-${state}-${name}.png`) });
        expect(await seriousViolations(page), state).toEqual([]);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect(width, state).toBe(options.viewport.width);
      };
      await inspect('empty');
      const key = await issue(user, 'CI on main');
      await issue(user, 'Staging server with a long name that needs more than one line', 1);
      await issue(user, 'ending', 5);
      await post('apikey/roll', user, { api_key_name: 'ending' });
      for (let uses = 0; uses < 12; uses++) await verify(key);
      await expect
        .poll(async () => {
          await page.getByRole('button', { name: 'Refresh' }).click();
          return page.getByRole('row', { name: 'CI on main' }).textContent();
        })
        .toContain('12 requests in 30 days');
      await inspect('list');
      await create(page, 'no');
      await inspect('create');
      await dialog(page).getByLabel('Name').fill('Nightly');
      await dialog(page).getByRole('button', { name: 'Create key' }).click();
      await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
      await inspect('reveal');
      await page.getByRole('button', { name: 'I have stored it' }).click();
      await inspect('question');
      await page.getByRole('button', { name: 'Close anyway' }).click();
      await page.getByRole('button', { name: 'Replace secret: ending' }).click();
      await dialog(page).getByLabel('It expires now').check();
      await inspect('replace');
      await dialog(page).getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Extend: Staging' }).click();
      await inspect('extend');
      await dialog(page).getByRole('button', { name: 'Cancel' }).click();
      await page.getByRole('button', { name: 'Delete: CI on main' }).click();
      await inspect('delete');
      await dialog(page).getByRole('button', { name: 'Cancel' }).click();
      host.onToken(() => '');
      await page.getByRole('button', { name: 'Refresh' }).click();
      await page.getByText('You are signed out').waitFor();
      await inspect('signed-out');
      expect(problems).toEqual([]);
      expect(host.reports).toEqual([]);
      await page.context().close();
    },
  );
});
