import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

const programs = ['chromium', 'chromium-browser', 'google-chrome'];

/** The Chromium of this machine, by name; undefined where there is none. */
function chromiumHere(): string | undefined {
  return programs.find((program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0);
}

export const missingForBrowser = () => (chromiumHere() === undefined ? 'Chromium' : undefined);

export function launchBrowser(): Promise<Browser> {
  const { stdout } = spawnSync('which', [chromiumHere() as string], { encoding: 'utf8' });
  return chromium.launch({ executablePath: stdout.trim(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
}

/** A page of its own, and what went wrong on it or left the host. */
export interface WatchedPage {
  readonly page: Page;
  /** Errors and warnings of the console, breaches of the Content-Security-Policy among them. */
  readonly complaints: string[];
  /** Addresses that it asked for. */
  readonly requests: string[];
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(message.text());
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  return { page, complaints, requests };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/** What axe-core calls serious or critical on the page as it is shown now: rule, impact, and the elements. */
export async function seriousViolations(page: Page): Promise<string[]> {
  // What is still fading in has the contrast of neither its beginning nor its end.
  await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished))');
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (globalThis as unknown as { axe: typeof import('axe-core') }).axe.run();
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 120)} ${failureSummary?.slice(0, 200)}`).join('\n')}`,
      );
  });
}
