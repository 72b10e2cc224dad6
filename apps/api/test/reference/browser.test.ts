import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { statusMessages } from '@andamio/schema/errors';
import { requestApiKey } from '@andamio/schema/operations';
import { launchBrowser, openPage, seriousViolations } from '@andamio/testing/browser';
import { startProcess, type TestProcess } from '@andamio/testing/service-process';
import { tokenFor } from '@andamio/testing/tokens';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';

const screenshots = join(import.meta.dirname, '../../reports/screenshots');
const operation = 'Request a New API Key';

async function goToOperation(page: Page): Promise<void> {
  await page.getByRole('link', { name: operation }).first().click();
  await page.getByRole('button', { name: 'Test Request' }).first().waitFor();
}

/** Sends the request in the dialog "Test Request", and returns the dialog's text. */
async function send(page: Page): Promise<string> {
  await page.getByRole('button', { name: 'Test Request' }).first().click();
  const dialog = page.getByRole('dialog');
  const answered = page.waitForResponse((response) => response.request().method() === 'POST');
  await dialog.getByRole('button', { name: /^Send/ }).first().click();
  await answered;
  await dialog.getByText('Response Headers').waitFor();
  await expect.poll(() => dialog.textContent()).toContain('application/json');
  return (await dialog.textContent()) ?? '';
}

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

  test('the reference page sends a request with a pasted token and shows the key, storing neither', async () => {
    const { page, problems, requests } = await openPage(browser, {
      viewport: { width: 1280, height: 900 },
    });
    await page.goto(`${service.url}/`);
    expect(page.url()).toContain('/api/v1/docs/index.html');
    const token = tokenFor('stranger');
    await page.getByPlaceholder('Token').first().fill(token);
    await goToOperation(page);
    await page.screenshot({ path: join(screenshots, 'operation.png') });
    const shown = await send(page);
    expect(shown).toMatch(/ant-[0-9A-Za-z]{40}/);
    await page
      .getByRole('dialog')
      .getByRole('button', { name: 'Copy' })
      .first()
      .waitFor({ state: 'attached' });
    await page.screenshot({ path: join(screenshots, 'key.png') });

    expect(problems).toEqual([]);
    expect(
      requests.filter((url) => !url.startsWith(`${service.url}/`) && !url.startsWith('data:')),
    ).toEqual([]);

    const stored = await page.evaluate<string>(
      'indexedDB.databases().then((all) => JSON.stringify([all, { ...localStorage }, { ...sessionStorage }, document.cookie]))',
    );
    expect(stored).not.toContain(token);
    expect(stored).not.toContain('ant-');
    await page.reload();
    expect(
      await page.getByPlaceholder('Token').first().inputValue(),
      'the token is not stored',
    ).toBe('');
    await page.context().close();
  });

  test('the reference page shows the 401 and its remedy for a request without a token', async () => {
    const { page, problems } = await openPage(browser);
    await page.goto(`${service.url}/docs`);
    await goToOperation(page);
    const shown = await send(page);
    expect(shown).toContain('Unauthorized: Invalid or missing credentials.');
    expect(shown).toContain('Authorization: Bearer');
    // Chromium logs the response with status 401, which is expected.
    expect(problems.filter((text) => !text.includes('status of 401'))).toEqual([]);
    await page.context().close();
  });

  test.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 900 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 900 } }],
    ['narrow', { colorScheme: 'light', viewport: { width: 360, height: 740 } }],
  ] as const)(
    'the %s reference page has no serious axe-core violation and fits the window',
    async (name, options) => {
      const { page, problems } = await openPage(browser, options);
      await page.goto(`${service.url}/`);
      await page.getByRole('heading', { name: 'Andamio API' }).first().waitFor();
      expect(await seriousViolations(page)).toEqual([]);
      await page.screenshot({ path: join(screenshots, `${name}.png`) });
      if (name === 'narrow') {
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
          360,
        );
      } else {
        await goToOperation(page);
        expect(await seriousViolations(page)).toEqual([]);
        await page.getByRole('button', { name: 'Test Request' }).first().click();
        await page.getByRole('dialog').getByRole('button', { name: /^Send/ }).first().waitFor();
        expect(await seriousViolations(page)).toEqual([]);
      }
      expect(problems).toEqual([]);
      await page.context().close();
    },
  );

  test('the reference page shows everything that the published page shows', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${service.url}/`);
    const introduction = page.getByText('Bearer token for authentication.').first();
    await introduction.waitFor();
    await goToOperation(page);
    const shown = (await page.locator('#reference').textContent()) ?? '';
    for (const fact of [
      operation,
      'API Key',
      requestApiKey.description,
      requestApiKey.body.description,
      'api_key_name',
      'min length: 3',
      'max length: 100',
      'expires_in_days',
      'min: 1',
      '"ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"',
      '"2026-08-31T23:59:59Z"',
      ...requestApiKey.errors.map((status) => statusMessages[status]),
    ]) {
      expect(shown.replaceAll(/\s+/g, ' ')).toContain(fact);
    }
    await page.getByRole('button', { name: 'curl' }).first().click();
    for (const language of ['curl', 'JavaScript', 'Go', 'Python', 'Java', 'C#']) {
      await page.getByRole('option', { name: language, exact: true }).first().waitFor();
    }
    await page.context().close();
  });

  test('the token field of the reference page is reachable with the keyboard', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${service.url}/`);
    const field = page.getByPlaceholder('Token').first();
    await field.waitFor();
    const reached = async () => {
      await page.keyboard.press('Tab');
      return field.evaluate((element) => element.ownerDocument.activeElement === element);
    };
    let presses = 1;
    while (!(await reached())) expect(presses++).toBeLessThan(60);
    await page.context().close();
  });

  test('the reference page is plain HTML without scripts', async () => {
    const { page } = await openPage(browser, { javaScriptEnabled: false });
    await page.goto(`${service.url}/`);
    const text = await page.locator('main').textContent();
    for (const part of [
      operation,
      '3 <= length <= 100',
      'Forbidden: Insufficient permissions or tier access.',
    ]) {
      expect(text).toContain(part);
    }
    await page.context().close();
  });

  test('the reference page transfers at most 1 MB', async () => {
    const { page } = await openPage(browser);
    await page.goto(`${service.url}/`);
    await page.getByPlaceholder('Token').first().waitFor();
    const bytes = await page.evaluate<number>(
      `['resource', 'navigation'].flatMap((type) => performance.getEntriesByType(type)).reduce((sum, { transferSize }) => sum + transferSize, 0)`,
    );
    process.stdout.write(`The reference page takes ${bytes} bytes over the wire.\n`);
    expect(bytes).toBeGreaterThan(100_000);
    expect(bytes).toBeLessThanOrEqual(1_000_000);
    await page.context().close();
  });
});
