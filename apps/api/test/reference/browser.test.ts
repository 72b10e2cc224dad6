import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { errorCodes, statusMessages } from '@andamio/schema/errors';
import { operations, requestApiKey } from '@andamio/schema/operations';
import {
  launchBrowser,
  launchDesktopBrowser,
  openPage,
  seriousViolations,
} from '@andamio/testing/browser';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { tokenFor } from '@andamio/testing/tokens';
import type { Browser, Locator, Page, Request } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';

const screenshots = join(import.meta.dirname, '../../reports/screenshots');

const untilInteractive = (page: Page) =>
  page.locator('button[type=submit]:enabled').first().waitFor();

/** Opens the page and waits until its script has run. */
async function openReference(page: Page, url: string): Promise<void> {
  await page.goto(`${url}/`);
  await untilInteractive(page);
}

/** Opens the form of an operation and returns the form. */
async function formOf(page: Page, id: string): Promise<Locator> {
  const section = page.locator(`section#${id}`);
  await section.getByText('Send this request').click();
  return section.locator('form');
}

/** Sends the request of a form, and waits for the response. */
async function send(form: Locator): Promise<Request> {
  const sent = form.page().waitForRequest((request) => request.url().includes('/api/v1/'));
  await form.getByRole('button', { name: 'Send request' }).click();
  await form.getByText('Response headers').waitFor();
  return sent;
}

/** Returns the page's storage, address and attributes, in which credentials must not appear. */
const traces = (page: Page) =>
  page.evaluate<string>(`(async () => JSON.stringify([
    { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state,
    await indexedDB.databases(), await caches.keys(),
    [...document.querySelectorAll('*')].flatMap(({ attributes }) => [...attributes].map(({ value }) => value)),
  ]))()`);

describe.skipIf(!inject('available').includes('chromium'))('the reference page in Chromium', () => {
  let service: TestProcess;
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    service = await startProcess();
    browser = await launchBrowser();
  });
  afterAll(async () => {
    await browser.close();
    await service.stop();
  });

  test('two names give two keys, each shown once, and the page stores neither keys nor token', async () => {
    const { page, problems, requests } = await openPage(browser, {
      viewport: { width: 1440, height: 900 },
    });
    await openReference(page, service.url);
    expect(page.url()).toContain('/api/v1/docs/index.html');
    const token = tokenFor('newcomer');
    await page.getByLabel('Your token').fill(`Bearer ${token}\n`);
    const form = page.locator('#get-started form').first();
    const keys: string[] = [];
    for (const name of ['first', 'second']) {
      await form.getByLabel('api_key_name').fill(name);
      const request = await send(form);
      expect(request.postDataJSON()).toEqual({ api_key_name: name });
      expect(request.headers()).toMatchObject({ authorization: `Bearer ${token}` });
      expect(request.headers()).not.toHaveProperty('idempotency-key');
      // The newest key is above the others.
      const newest = form.locator('.new-key').first();
      await newest.getByText(name).waitFor();
      await newest.getByText('Shown once').waitFor();
      keys.push((await newest.locator('.key').textContent()) ?? '');
    }
    await page.screenshot({ path: join(screenshots, 'key.png') });
    expect(new Set(keys).size).toBe(2);
    for (const key of keys) expect(key).toMatch(/^ant-[0-9A-Za-z]{40}$/);
    const [, newest = ''] = keys;
    expect((await form.textContent())?.split(newest)).toHaveLength(2);

    // The form of the next step and the samples use the new key.
    const verify = page.locator('#get-started form').nth(1);
    const verified = await send(verify);
    expect(verified.headers()).toMatchObject({ 'x-api-key': newest });
    expect(verified.headers()).not.toHaveProperty('authorization');
    expect(verified.headers()).not.toHaveProperty('content-type');
    expect(await verify.textContent()).toContain('"user_id": "newcomer"');
    expect(await page.locator('#verify-api-key .sample').first().textContent()).toContain(newest);

    for (const secret of [token, ...keys]) expect(await traces(page)).not.toContain(secret);
    await page.reload();
    await untilInteractive(page);
    const values = await page
      .locator('input')
      .evaluateAll((inputs) =>
        inputs.map((input) => (input as unknown as { value: string }).value),
      );
    for (const secret of [token, ...keys]) {
      expect(values).not.toContain(secret);
      expect(await traces(page)).not.toContain(secret);
      expect(await page.content()).not.toContain(secret);
    }
    expect(problems).toEqual([]);
    const elsewhere = requests.filter(
      (url) => !url.startsWith(`${service.url}/`) && !url.startsWith('data:'),
    );
    expect(elsewhere).toEqual([]);
    await page.context().close();
  });

  test('a new key stays on the page, whatever its form sends next, until the reader has stored it', async () => {
    const { page } = await openPage(browser, { permissions: [] });
    await openReference(page, service.url);
    await page.getByLabel('Your token').fill(tokenFor('hasty'));
    const form = page.locator('#get-started form').first();
    const shown = form.locator('.new-key');
    const request = async (name: string, status: string) => {
      await form.getByLabel('api_key_name').fill(name);
      await send(form);
      await form.getByText(`Status ${status}`).waitFor();
    };
    await request('first one', '200');
    const first = await shown.locator('.key').textContent();
    await request('first one', '422');
    await request('first one', '422');
    expect(await shown.locator('.key').allTextContents()).toEqual([first]);
    await page.route('**/apikey/request', (route) => route.abort(), { times: 1 });
    await form.getByRole('button', { name: 'Send request' }).click();
    await form.getByText('No response:').waitFor();
    await request('second one', '200');
    expect(await shown.locator('bdi').allTextContents()).toEqual(['second one', 'first one']);
    expect(await shown.last().locator('.key').textContent()).toBe(first);
    await shown.last().getByRole('button', { name: 'I have stored it' }).click();
    expect(await shown.locator('bdi').allTextContents()).toEqual(['second one']);
    await page.context().close();
  });

  test('a repeated request with the same Idempotency-Key shows its key once', async () => {
    const { page } = await openPage(browser);
    await openReference(page, service.url);
    await page.getByLabel('Your token').fill(tokenFor('repeating'));
    const form = await formOf(page, 'request-api-key-auth');
    await form.getByLabel('Idempotency-Key').fill('once');
    for (let times = 0; times < 2; times++) {
      expect((await (await send(form)).response())?.status()).toBe(200);
      await form.getByText('Status 200').waitFor();
    }
    expect(await form.locator('.new-key').count()).toBe(1);
    await page.context().close();
  });

  test('the back button returns to the same page without the token and the key', async () => {
    const desktopBrowser = await launchDesktopBrowser();
    onTestFinished(() => desktopBrowser.close());
    const { page } = await openPage(desktopBrowser);
    await openReference(page, service.url);
    await page.getByLabel('Your token').fill(tokenFor('departing'));
    await send(page.locator('#get-started form').first());
    await page.evaluate(
      'addEventListener("pageshow", ({ persisted }) => { globalThis.persisted = persisted; })',
    );
    await page.goto(`${service.url}/api/v1/docs/reference.md`);
    await page.goBack({ waitUntil: 'commit' });
    expect(await page.evaluate('persisted'), 'the page comes from the cache').toBe(true);
    expect(await page.getByLabel('Your token').inputValue()).toBe('');
    expect(await page.locator('.new-key').count()).toBe(0);
  });

  test('the form sends optional fields only if they are filled, with their types', async () => {
    const { page, problems } = await openPage(browser);
    await openReference(page, service.url);
    const form = await formOf(page, 'request-api-key-auth');
    await form.getByLabel('Authorization').fill(tokenFor('careful'));
    await form.getByLabel('expires_in_days').fill('30');
    await form.getByLabel('Idempotency-Key').fill('once');
    const [first, second] = [await send(form), await send(form)];
    for (const request of [first, second]) {
      expect(request.headers()).toMatchObject({ 'idempotency-key': 'once' });
      expect(request.postDataJSON()).toEqual({ api_key_name: 'MyFirstKey', expires_in_days: 30 });
      expect((await request.response())?.status()).toBe(200);
    }
    const usage = await formOf(page, 'get-daily-usage');
    await usage.getByLabel('api_key_names').fill('MyFirstKey\nother');
    expect((await send(usage)).postDataJSON()).toEqual({
      start_date: '2023-01-01',
      end_date: '2023-01-31',
      api_key_names: ['MyFirstKey', 'other'],
    });
    const list = await formOf(page, 'list-api-keys');
    await list.getByLabel('page_size').fill('1');
    const listed = await send(list);
    expect(new URL(listed.url()).search).toBe('?page_size=1');
    expect((await listed.response())?.status()).toBe(200);
    expect(problems).toEqual([]);
    await page.context().close();
  });

  test('the form shows the error of a request without a token, and what to do', async () => {
    const { page, problems } = await openPage(browser);
    await openReference(page, service.url);
    const form = await formOf(page, 'rotate-api-key');
    const request = await send(form);
    expect(request.headers()).not.toHaveProperty('authorization');
    const shown = await form.textContent();
    expect(shown).toContain('Status 401');
    expect(shown).toContain('Unauthorized: Invalid or missing credentials.');
    expect(shown).toContain('unauthenticated: Get a new token');
    // Chromium logs the response with status 401, which is expected.
    expect(problems.filter((text) => !text.includes('status of 401'))).toEqual([]);
    await page.context().close();
  });

  test('the form says so if there is no response', async () => {
    const { page } = await openPage(browser);
    await openReference(page, service.url);
    await page.route('**/user/me', (route) => route.abort());
    const form = await formOf(page, 'get-user');
    await form.getByRole('button', { name: 'Send request' }).click();
    await form.getByText('No response:').waitFor();
    expect(await form.getByRole('button', { name: 'Send request' }).isEnabled()).toBe(true);
    await page.context().close();
  });

  test('samples in the chosen language contain the typed token, and are copied with it', async () => {
    const { page } = await openPage(browser, {
      permissions: ['clipboard-write', 'clipboard-read'],
    });
    await openReference(page, service.url);
    await page.getByRole('radio', { name: 'Python' }).first().check();
    await page.getByLabel('Your token').fill('a.b.c');
    for (const { id, security } of operations) {
      const visible = page.locator(`#${id} .sample:visible`);
      expect(await visible.count(), id).toBe(1);
      expect(await visible.textContent(), id).toContain('import requests');
      if (security === 'bearer') expect(await visible.textContent()).toContain('"Bearer a.b.c"');
    }
    await page.locator('#get-user .samples').getByRole('button', { name: 'Copy' }).click();
    await page.getByRole('button', { name: 'Copied' }).waitFor();
    expect(await page.evaluate('navigator.clipboard.readText()')).toContain('"Bearer a.b.c"');
    // Text that could end a string in the sample is not inserted.
    await page.getByLabel('Your token').fill('"; rm -rf /');
    expect(await page.locator('#get-user .sample:visible').textContent()).toContain(
      'YOUR_JWT_TOKEN',
    );
    await page.context().close();
  });

  test.each([
    ['revoke', 'Delete an API Key'],
    ['rate limit', 'rate_limited'],
    ['list keys', 'List API Keys'],
    ['quota', 'Usage and Quotas'],
    ['extend', 'Rotate an API Key'],
    ['delete my key', 'Delete an API Key'],
    ['How do I delete my keys?', 'Delete an API Key'],
    ['how to revoke a key', 'Delete an API Key'],
    ['cors', 'Calls from web pages'],
    ['idempotent', 'Safe retries'],
    ['idempotency-key', 'Safe retries'],
    ['leak', 'Report Found API Keys'],
    ['my key is leaked', 'Roll an API Key'],
    ['delete a key from the terminal', 'Delete an API Key'],
  ])('a search for %j finds %j first', async (query, expected) => {
    const { page } = await openPage(browser);
    await openReference(page, service.url);
    await page.getByRole('searchbox').fill(query);
    const first = page.locator('#results a').first();
    expect(await first.textContent()).toContain(expected);
    await page.keyboard.press('Enter');
    const href = (await first.getAttribute('href')) ?? '';
    await expect.poll(() => page.url()).toContain(href);
    await page.context().close();
  });

  test('a search finds every error code with what to do', async () => {
    const { page } = await openPage(browser);
    await openReference(page, service.url);
    for (const code of errorCodes) {
      await page.getByRole('searchbox').fill(code);
      const hrefs = await page
        .locator('#results a')
        .evaluateAll((links) => links.map((link) => (link as unknown as { hash: string }).hash));
      expect(hrefs, code).toContain(`#errors-${code}`);
    }
    await page.getByRole('searchbox').fill('xyzzy');
    await page.getByText('Nothing found').waitFor();
    await page.context().close();
  });

  test.each([
    ['light', { colorScheme: 'light', viewport: { width: 1440, height: 900 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1440, height: 900 } }],
    ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
  ] as const)(
    'the %s reference page has no serious axe-core violation and fits the window',
    async (name, options) => {
      const { page, problems } = await openPage(browser, options);
      await openReference(page, service.url);
      await page.screenshot({ path: join(screenshots, `${name}.png`) });
      if (name === 'narrow') {
        await page.getByRole('button', { name: 'Contents' }).click();
        expect(await seriousViolations(page)).toEqual([]);
      }
      await page.getByRole('searchbox').fill('key');
      if (name === 'narrow') await page.keyboard.press('Enter');
      await page.getByLabel('Your token').fill(tokenFor(`reader-${name}`));
      await send(page.locator('#get-started form').first());
      await page.evaluate(
        `document.querySelectorAll('details').forEach((part) => { part.open = true; })`,
      );
      expect(await seriousViolations(page)).toEqual([]);
      // No part of the page is cut off, and no table scrolls within it.
      const { width } = options.viewport;
      expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
      const cut = await page.evaluate(
        `[...document.querySelectorAll('.table')].filter(({ scrollWidth, clientWidth }) => scrollWidth > clientWidth).length`,
      );
      expect(cut).toBe(0);
      expect(problems).toEqual([]);
      await page.context().close();
    },
  );

  test('the reference page shows everything that the published page shows', async () => {
    const { page } = await openPage(browser);
    await openReference(page, service.url);
    const shown = (await page.locator('#request-api-key-auth').textContent()) ?? '';
    for (const fact of [
      requestApiKey.summary,
      requestApiKey.description,
      requestApiKey.body.description,
      'Bearer token for authentication. Type "Bearer" followed by a space and JWT token. Example: "Bearer YOUR_JWT_TOKEN"',
      'In: header',
      'api_key_name string',
      'Length 3 <= length <= 100',
      'expires_in_days integer optional',
      'Range 1 <= value',
      'Response Body',
      '"ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
      '"2026-08-31T23:59:59Z"',
      ...requestApiKey.errors.map((status) => statusMessages[status]),
    ]) {
      expect(shown.replaceAll(/\s+/g, ' ')).toContain(fact);
    }
    const languages = page.locator('#request-api-key-auth .languages label');
    expect(await languages.allTextContents()).toEqual([
      'curl',
      'JavaScript',
      'Go',
      'Python',
      'Java',
      'C#',
    ]);
    await page.context().close();
  });

  test('with the keyboard alone, a reader enters the token, chooses a language and gets a key', async () => {
    const { page } = await openPage(browser);
    await openReference(page, service.url);
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('#main');
    const reach = async (target: Locator) => {
      for (let presses = 0; presses < 20; presses++) {
        await page.keyboard.press('Tab');
        if (await target.evaluate((element) => element.matches(':focus'))) return;
      }
      expect.fail('The Tab key does not reach the element.');
    };
    await reach(page.getByLabel('Your token'));
    await page.keyboard.type(tokenFor('typist'));
    await reach(page.getByRole('radio', { name: 'curl' }).first());
    await page.keyboard.press('ArrowRight');
    expect(await page.locator('#get-started .sample:visible').first().textContent()).toContain(
      'await fetch',
    );
    const form = page.locator('#get-started form').first();
    await reach(form.getByLabel('api_key_name'));
    await page.keyboard.press('Enter');
    await form.getByText('Your new key').waitFor();
    await page.context().close();
  });

  test('the reference page is complete without scripts, and offers nothing that needs them', async () => {
    const { page } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(`${service.url}/`);
    const text = await page.locator('main').textContent();
    for (const part of [
      requestApiKey.summary,
      '3 <= length <= 100',
      'Forbidden: Insufficient permissions or tier access.',
    ]) {
      expect(text).toContain(part);
    }
    for (const sample of await page.locator('#get-user .sample').all())
      expect(await sample.isVisible()).toBe(true);
    for (const control of await page.locator('button, input').all())
      expect(await control.isVisible()).toBe(false);
    await page.context().close();
  });
});
