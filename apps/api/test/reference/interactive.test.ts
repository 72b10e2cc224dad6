import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { extname, join } from 'node:path';
import { launchBrowser, openPage } from '@andamio/testing/browser';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { startProcess } from '@andamio/testing/service-process';
import type { Browser } from 'playwright-core';
import { expect, inject, onTestFinished, test } from 'vitest';

const rounds = 7;
const built = join(import.meta.dirname, '../../dist/reference');
const types: Record<string, string> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.css': 'text/css',
};

/**
 * Starts a static file server for comparison, which sends the same page with the same compression.
 * The server is closed after the test.
 */
async function startBareServer(document: string): Promise<string> {
  const server = createServer(({ url = '' }, response) => {
    if (url.endsWith('doc.json'))
      return void response.setHeader('Content-Type', 'application/json').end(document);
    response.setHeader('Content-Type', types[extname(url)] ?? 'text/plain');
    if (url.endsWith('.html')) return void response.end(readFileSync(join(built, url)));
    response.setHeader('Content-Encoding', 'br');
    response.end(readFileSync(`${join(built, url)}.br`));
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${port}/index.html`;
}

/**
 * Measures the time from navigation until the token field exists, with an empty cache.
 *
 * @returns the time in milliseconds
 */
async function timeToInteractive(browser: Browser, url: string): Promise<number> {
  const { page } = await openPage(browser);
  await page.goto(url);
  const milliseconds = await page.evaluate<number>(`new Promise((resolve) => {
    const look = () => document.querySelector('input[placeholder="Token"]') && resolve(performance.now());
    look();
    new MutationObserver(look).observe(document, { childList: true, subtree: true });
  })`);
  await page.context().close();
  return milliseconds;
}

const median = (values: number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;

test.runIf(inject('available').includes('chromium'))(
  'the reference page is interactive within 1.5 times the time that it takes from a static server',
  async () => {
    const service = await startProcess();
    onTestFinished(() => service.signal('SIGKILL'));
    const document = await (await fetch(`${service.url}/api/v1/docs/doc.json`)).text();
    const bare = await startBareServer(document);
    const browser = await launchBrowser();
    onTestFinished(() => browser.close());
    const ours: number[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(await timeToInteractive(browser, `${service.url}/api/v1/docs/index.html`));
      theirs.push(await timeToInteractive(browser, bare));
    }
    process.stdout.write(
      `Interactive after ${median(ours)} ms, from a bare server ${median(theirs)} ms (medians).\n`,
    );
    expect(median(ours) / median(theirs)).toBeLessThanOrEqual(1.5);
  },
);
