import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import {
  launchBrowser,
  launchDesktopBrowser,
  openPage,
  seriousViolations,
} from '@andamio/testing/browser';
import { tokenFor } from '@andamio/testing/tokens';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';

const screenshots = join(import.meta.dirname, '../../reports/screenshots');

let app: TestApp;
beforeAll(async () => {
  app = await startApp({ maximumDays: 60 });
});
afterAll(() => app.close());

describe('the console', () => {
  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(`${app.url}${path}`, { headers });

  test('its policy allows only files and requests of the service, and no frame', async () => {
    const answer = await get('/console');
    expect(answer.headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
    const policy = answer.headers.get('content-security-policy') ?? '';
    expect(policy).toContain("default-src 'none'; script-src 'self'; style-src 'self'");
    expect(policy).toContain("connect-src 'self'; base-uri 'none'; form-action 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("require-trusted-types-for 'script'; trusted-types 'none'");
    expect(policy).not.toContain('unsafe');
  });

  test('its assets are compressed and immutable, and the page loads no others', async () => {
    const html = await (await get('/console')).text();
    const assets = [...html.matchAll(/(?:src|href)="(console\/assets\/[^"]+)"/g)];
    expect(assets).toHaveLength(2);
    let bytes = 0;
    for (const [, path = ''] of assets) {
      expect(path).toMatch(/-[A-Z0-9]{8}\.(js|css)$/);
      const answer = await get(`/${path}`, { 'accept-encoding': 'br' });
      expect(answer.headers.get('content-encoding')).toBe('br');
      expect(answer.headers.get('cache-control')).toBe('public,max-age=31536000,immutable');
      bytes += Number(answer.headers.get('content-length'));
      await answer.arrayBuffer();
    }
    expect(bytes).toBeLessThan(40_000);
  });

  test('refuses other methods and unknown assets', async () => {
    const answer = await fetch(`${app.url}/console`, { method: 'POST' });
    expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    expect((await get('/console/assets/nothing.js')).status).toBe(404);
    expect((await get('/console/')).status).toBe(404);
  });

  test('CONSOLE=off removes all of its paths', async () => {
    const without = await startApp({ settings: { console: false } });
    for (const path of ['/console', '/console/settings.json', '/console/assets/nothing.js'])
      expect((await fetch(`${without.url}${path}`)).status).toBe(404);
    await without.close();
  });
});

describe.skipIf(!inject('available').includes('chromium'))('the console in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  const open = async (options: BrowserContextOptions = {}, openIn = browser) => {
    const opened = await openPage(openIn, options);
    await opened.page.goto(`${app.url}/console`);
    await opened.page.getByLabel('Your token').waitFor();
    return opened;
  };
  const signIn = async (page: Page, token: string) => {
    await page.getByLabel('Your token').fill(token);
    await page.getByRole('button', { name: 'Show my keys' }).click();
  };
  const contents = (page: Page) =>
    page.evaluate<string>(`(async () => JSON.stringify([
      { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state,
      await indexedDB.databases(), await caches.keys(), document.documentElement.outerHTML,
      [...document.querySelectorAll('input')].map(({ value }) => value),
    ]))()`);

  test('a user whose token expires in a dialog pastes another beside it, and goes on', async () => {
    const { page } = await open();
    await signIn(page, tokenFor('expiring'));
    await page.getByText('No keys yet').waitFor();
    await page.route(
      '**/apikey/request',
      (route) =>
        route.fulfill({
          status: 401,
          headers: { 'x-error-code': 'unauthenticated' },
          json: { details: 'Expired.', message: 'Unauthorized', statusCode: 401 },
        }),
      { times: 2 },
    );
    await page.getByRole('button', { name: 'Create key' }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByLabel('Name').fill('My server');
    await dialog.getByLabel('30 days').check();
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await page.getByText('The service does not accept your token any more.').waitFor();
    await signIn(page, tokenFor('expiring', { jti: 'second' }));
    await expect.poll(() => dialog.evaluate((element) => element.matches(':modal'))).toBe(true);
    expect(await dialog.getByLabel('30 days').isChecked()).toBe(true);
    await dialog.getByRole('button', { name: 'Create key' }).click();
    await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    expect(await dialog.textContent()).toContain('My server');
    await page.context().close();
  });

  test('a user signs in with a token, creates a key within MAX_EXPIRES_IN_DAYS, and signs out', async () => {
    const { page, problems, requests } = await open();
    const token = tokenFor('visitor');
    await signIn(page, `Bearer ${token}\n`);
    await page.getByText('No keys yet').waitFor();
    await page.getByRole('button', { name: 'Create key' }).click();
    const dialog = page.getByRole('dialog');
    await expect.poll(() => dialog.getByRole('radio').count()).toBe(4);
    expect(await dialog.getByLabel('60 days').isChecked()).toBe(true);
    await dialog.getByLabel('Name').fill('My server');
    await dialog.getByRole('button', { name: 'Create key' }).click();
    expect(await dialog.getByLabel('Your key').inputValue()).toMatch(/^ant-[0-9A-Za-z]{40}$/);
    await dialog.getByRole('button', { name: 'I have stored it' }).click();
    await dialog.getByRole('button', { name: 'Close anyway' }).click();
    await page.getByRole('row', { name: 'My server' }).waitFor();
    expect(await contents(page)).not.toContain(token);

    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('row').first().waitFor({ state: 'detached' });
    expect(await page.getByLabel('Your token').inputValue()).toBe('');
    expect(problems).toEqual([]);
    expect(
      requests.filter((url) => !url.startsWith(`${app.url}/`) && !url.startsWith('data:')),
    ).toEqual([]);
    await page.context().close();
  });

  test('a token that is no longer accepted is asked for again, and the keys stay on screen', async () => {
    let late = 0;
    const clocked = await startApp({ now: () => Date.now() + late });
    const { page } = await openPage(browser);
    await page.goto(`${clocked.url}/console`);
    await signIn(page, tokenFor('brief'));
    await page.getByText('No keys yet').waitFor();
    late = 2 * 3_600_000;
    await page.getByRole('button', { name: 'Refresh' }).click();
    await page.getByText('does not accept your token any more').waitFor();
    await page.getByText('No keys yet').waitFor();
    late = 0;
    await signIn(page, tokenFor('brief'));
    await page.getByText('You are signed out').waitFor({ state: 'detached' });
    await page.context().close();
    await clocked.close();
  });

  test('over plain HTTP from another computer, the console says that it needs HTTPS and asks for no token', async () => {
    const { page } = await openPage(browser);
    await page.route('http://server.example/**', async (route) => {
      const { pathname } = new URL(route.request().url());
      await route.fulfill({ response: await route.fetch({ url: `${app.url}${pathname}` }) });
    });
    await page.goto('http://server.example/console', { waitUntil: 'networkidle' });
    await page.getByRole('alert').getByText('This page needs HTTPS').waitFor();
    expect(await page.getByLabel('Your token').isVisible()).toBe(false);
    await page.context().close();
  });

  test('the back button returns to a page without the token and the keys', async () => {
    const desktopBrowser = await launchDesktopBrowser();
    onTestFinished(() => desktopBrowser.close());
    const { page } = await open({}, desktopBrowser);
    await signIn(page, tokenFor('departing'));
    await page.getByText('No keys yet').waitFor();
    await page.getByRole('link', { name: 'API reference' }).click();
    await page.waitForURL('**/docs/index.html');
    // The back/forward cache shows a page without loading it again.
    await page.goBack({ waitUntil: 'commit' });
    await page.getByLabel('Your token').waitFor();
    expect(await page.getByLabel('Your token').inputValue()).toBe('');
    await page.getByText('No keys yet').waitFor({ state: 'detached' });
  });

  test.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
    ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 740 } }],
  ] as const)(
    'the %s console has no serious axe-core violation and fits the window',
    async (name, options) => {
      const { page } = await open(options);
      const inspect = async (state: string) => {
        await page.screenshot({ path: join(screenshots, `console-${state}-${name}.png`) });
        expect(await seriousViolations(page), state).toEqual([]);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect(width, state).toBe(options.viewport.width);
      };
      await inspect('sign-in');
      await signIn(page, 'no-token');
      await page.getByText('does not accept your token').waitFor();
      await inspect('refused');
      await signIn(page, tokenFor('reader'));
      await page.getByText('No keys yet').waitFor();
      await inspect('keys');
      await page.context().close();
    },
  );
});
