import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core';

/**
 * Chromium without the features of a desktop browser. A test takes half the processor time or less
 * with it. It has no back/forward cache.
 */
const headlessShell = 'chromium-headless-shell';
const desktopBrowsers = ['chromium', 'chromium-browser', 'google-chrome'];

/** Returns the first program that is installed, or undefined if none is. */
function installed(programs: readonly string[]): string | undefined {
  return programs.find(
    (program) => spawnSync(program, ['--version'], { stdio: 'ignore' }).status === 0,
  );
}

export const missingForBrowser = () =>
  installed(desktopBrowsers) === undefined ? 'Chromium' : undefined;

function launch(programs: readonly string[], args: readonly string[] = []): Promise<Browser> {
  const { stdout } = spawnSync('which', [installed(programs) as string], { encoding: 'utf8' });
  return chromium.launch({
    executablePath: stdout.trim(),
    args: ['--no-sandbox', '--disable-dev-shm-usage', ...args],
    // Playwright disables the back/forward cache by default, but browsers of users have it.
    ignoreDefaultArgs: ['--disable-back-forward-cache'],
  });
}

/**
 * Launches the headless shell if it is installed, otherwise a desktop browser.
 *
 * @param args further arguments of Chromium.
 */
export const launchBrowser = (...args: readonly string[]) =>
  launch([headlessShell, ...desktopBrowsers], args);

/** Launches a browser that has the back/forward cache. */
export const launchDesktopBrowser = () => launch(desktopBrowsers);

/** A page in a new browser context. Its console problems and requests are recorded. */
export interface WatchedPage {
  readonly page: Page;
  /** Console errors and warnings, including violations of the Content Security Policy. */
  readonly problems: string[];
  /** The URLs of all requests. */
  readonly requests: string[];
}

export async function openPage(
  browser: Browser,
  options: BrowserContextOptions = {},
): Promise<WatchedPage> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const problems: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') problems.push(message.text());
  });
  page.on('pageerror', (error) => problems.push(String(error)));
  page.on('request', (request) => requests.push(request.url()));
  return { page, problems, requests };
}

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

/**
 * Returns the serious and critical violations that axe-core finds. Each contains the rule, the
 * elements and a summary.
 */
export async function seriousViolations(page: Page): Promise<string[]> {
  // Contrast cannot be measured while an element fades in.
  await page.evaluate('Promise.all(document.getAnimations().map(({ finished }) => finished))');
  await page.evaluate(axe);
  return page.evaluate(async () => {
    const { violations } = await (
      globalThis as unknown as { axe: typeof import('axe-core') }
    ).axe.run({ resultTypes: ['violations'] }); // Describing all other elements takes long.
    return violations
      .filter(({ impact }) => impact === 'serious' || impact === 'critical')
      .map(
        ({ id, nodes }) =>
          `${id}: ${nodes.map(({ html, failureSummary }) => `${html.slice(0, 120)} ${failureSummary?.slice(0, 200)}`).join('\n')}`,
      );
  });
}
