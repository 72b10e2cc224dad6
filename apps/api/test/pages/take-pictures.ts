// Takes the pictures in README. Run by `npx -y pnpm@12 picture`.
import { writeFileSync } from 'node:fs';
import { launchBrowser, openPage } from '@andamio/testing/browser';
import { startProcess } from '@andamio/testing/service-process';
import { tokenFor } from '@andamio/testing/tokens';
import type { Page } from 'playwright-core';
import { startApp } from '../harness/app.ts';
import {
  consolePicture,
  fingerprintOf,
  type Picture,
  referencePicture,
  withFingerprint,
} from './picture.ts';

const browser = await launchBrowser();
const open = (height: number) =>
  openPage(browser, { colorScheme: 'light', viewport: { width: 1280, height } });

async function take(picture: Picture, page: Page): Promise<void> {
  writeFileSync(picture.path, withFingerprint(await page.screenshot(), fingerprintOf(picture)));
  await page.context().close();
}

/** Takes the picture of the reference page, which shows the address of the service. */
async function takeReference(): Promise<void> {
  const service = await startProcess({ PORT: '8080' });
  const { page } = await open(800);
  await page.goto(`${service.url}/`);
  await page.locator('button[type=submit]:enabled').first().waitFor();
  await take(referencePicture, page);
  await service.stop();
}

const day = 86_400_000;

/** Takes the picture of the console, with keys that were used for some weeks. */
async function takeConsole(): Promise<void> {
  let now = Date.now() - 26 * day;
  const app = await startApp({ now: () => now });
  const post = (operation: string, body: unknown) => {
    const iat = Math.floor(now / 1000);
    const token = tokenFor('maria', { tier: 'growth', iat, exp: iat + 3600 });
    return fetch(`${app.url}/api/v1/apikey/${operation}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
  };
  const issue = async (name: string, days: number) => {
    const response = await post('request', { api_key_name: name, expires_in_days: days });
    const { api_key } = (await response.json()) as { api_key: string };
    return () => fetch(`${app.url}/api/v1/apikey/verify`, { headers: { 'x-api-key': api_key } });
  };

  const useCi = await issue('CI on main', 90);
  const useShop = await issue('Shop server', 365);
  for (let age = 25; age >= 0; age--) {
    now = Date.now() - age * day;
    if (age === 12) await (await issue('Nightly export', 15))();
    app.countUsage('maria', 'CI on main', 40 + ((age * 37) % 29));
    app.countUsage('maria', 'Shop server', 120 + ((age * 53) % 71));
    if (age < 12) app.countUsage('maria', 'Nightly export', 1 + ((age * 7) % 3));
    await app.storeUsage();
  }
  await Promise.all([useCi(), useShop()]);
  await app.storeUsage();
  await post('roll', { api_key_name: 'Shop server', grace_seconds: 604_800 });

  const { page } = await open(720);
  await page.goto(`${app.url}/console`);
  await page.getByLabel('Your token').fill(tokenFor('maria', { tier: 'growth' }));
  await page.getByRole('button', { name: 'Show my keys' }).click();
  await page.getByRole('row', { name: 'CI on main' }).waitFor();
  await page.getByRole('heading', { name: 'Requests with your keys' }).waitFor();
  await take(consolePicture, page);
  await app.close();
}

await takeReference();
await takeConsole();
await browser.close();
