// Takes the picture of the reference page in README. Run by `npx -y pnpm@12 picture`.
import { writeFileSync } from 'node:fs';
import { launchBrowser, openPage } from '@andamio/testing/browser';
import { startProcess } from '@andamio/testing/service-process';
import { fingerprintOfPage, picturePath, withFingerprint } from './picture.ts';

// The picture shows the address of the service.
const service = await startProcess({ PORT: '8080' });
const browser = await launchBrowser();
const { page } = await openPage(browser, {
  colorScheme: 'light',
  viewport: { width: 1280, height: 800 },
});
await page.goto(`${service.url}/`);
await page.locator('button[type=submit]:enabled').first().waitFor();
writeFileSync(picturePath, withFingerprint(await page.screenshot(), fingerprintOfPage()));
await browser.close();
await service.stop();
