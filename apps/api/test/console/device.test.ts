import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { launchBrowser, openPage, seriousViolations } from '@andamio/testing/browser';
import {
  devicePath,
  post,
  redeemDevice,
  requestKey,
  verifyKey,
} from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import type { Browser, BrowserContextOptions, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, test } from 'vitest';
import { systemClock } from '../../src/clock.ts';
import { MemoryCounters } from '../../src/counters/memory-counters.ts';
import { startApp, type TestApp, type TestAppOptions } from '../harness/app.ts';

const screenshots = join(import.meta.dirname, '../../reports/screenshots');

/** Starts a service in which the tests do not reach the limits per address. */
function startDeviceApp(options: TestAppOptions = {}): Promise<TestApp> {
  let elapsed = 0;
  const clock = {
    now: Date.now,
    monotonicNow: () => {
      elapsed += 60_000;
      return elapsed;
    },
  };
  return startApp({
    createCounters: (name, window) =>
      new MemoryCounters(name === 'device-starts' ? clock : systemClock, window),
    ...options,
  });
}

let app: TestApp;
beforeAll(async () => {
  app = await startDeviceApp({ settings: { trustProxyHops: 1 } });
});
afterAll(() => app.close());

test('the page for device logins has the policy of the console, and is never in a frame', async () => {
  const answer = await fetch(`${app.url}/console/device`);
  const console = await fetch(`${app.url}/console`);
  expect(answer.status).toBe(200);
  expect(answer.headers.get('referrer-policy')).toBe('no-referrer');
  const policy = answer.headers.get('content-security-policy');
  expect(policy).toContain("frame-ancestors 'none'");
  expect(policy).toBe(console.headers.get('content-security-policy'));
  const post = await fetch(`${app.url}/console/device`, { method: 'POST' });
  expect([post.status, post.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
});

test.each([{ deviceLogin: false }, { console: false }])(
  'there is no page for device logins with the settings %j',
  async (settings) => {
    const without = await startApp({ settings });
    onTestFinished(() => without.close());
    expect((await fetch(`${without.url}/console/device`)).status).toBe(404);
  },
);

describe.skipIf(!inject('available').includes('chromium'))('device logins in Chromium', () => {
  let browser: Browser;
  beforeAll(async () => {
    mkdirSync(screenshots, { recursive: true });
    browser = await launchBrowser();
  });
  afterAll(() => browser.close());

  /** Starts a device login, by default from the address of the browser. */
  const start = async (
    body: object = { api_key_name: 'laptop', expires_in_days: 7 },
    address = '127.0.0.1',
  ) => {
    const headers = { 'x-forwarded-for': address };
    const answer = await post(`${app.url}${devicePath}`, body, { headers });
    expect(answer.status).toBe(200);
    return {
      userCode: answer.body['user_code'] as string,
      deviceCode: answer.body['device_code'] as string,
    };
  };
  const open = async (options: BrowserContextOptions = {}, more = '') => {
    const opened = await openPage(browser, options);
    onTestFinished(() => opened.page.context().close());
    await opened.page.goto(`${app.url}/console/device${more}`);
    await opened.page.getByLabel('Your token').waitFor();
    return opened;
  };
  const signIn = async (page: Page, token: string) => {
    await page.getByLabel('Your token').fill(token);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByLabel('Code').waitFor();
  };
  const enter = async (page: Page, code: string) => {
    await page.getByLabel('Code').fill(code);
    await page.getByRole('button', { name: 'Continue' }).click();
  };
  const focused = (page: Page) => page.evaluate<string>('document.activeElement.id');
  const warning = (page: Page) =>
    page.getByText('Only continue if you started this login yourself');

  /** Expects that Deny comes first in a region, and is as large as Approve. */
  const expectEqualChoices = async (region: Locator) => {
    const buttons = await region.getByRole('button').all();
    expect(await Promise.all(buttons.map((button) => button.textContent()))).toEqual([
      'Deny',
      'Approve',
    ]);
    const [deny, approve] = await Promise.all(buttons.map((button) => button.boundingBox()));
    expect([approve?.width, approve?.height]).toEqual([deny?.width, deny?.height]);
    expect(deny?.x).toBeLessThan(approve?.x as number);
  };

  test('a user reads who asks, and approves by keyboard alone; Deny comes first and has the focus', async () => {
    const { userCode, deviceCode } = await start();
    const { page, problems, requests } = await open();
    await expect.poll(() => focused(page)).toBe('token');
    await page.keyboard.insertText(tokenFor('ada', { alias: 'Ada' }));
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('code');
    await page.keyboard.insertText(userCode.toLowerCase().replace('-', ' '));
    await page.keyboard.press('Enter');
    await expect.poll(() => focused(page)).toBe('deny');
    const decision = page.getByRole('region', { name: 'Let a program create an API key for you?' });
    const text = String(await decision.textContent()).replaceAll(/\s+/g, ' ');
    expect(text).toContain('Account Ada (ada) (not you? Sign out)');
    expect(text).toContain(`Code ${userCode} It must be the code in your terminal.`);
    expect(text).toMatch(
      /Asked \d+ seconds? ago, from 127\.0\.0\.1\. This browser is in the same network\./,
    );
    expect(text).toContain(
      'It calls itself device-laptop It will get a key that is valid for 7 days.',
    );
    expect(text).toContain("can use your account's API");
    await expectEqualChoices(decision);

    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Approved. Return to your terminal.' }).waitFor();
    const issued = await redeemDevice(app.url, deviceCode);
    expect([issued.status, issued.body['name']]).toEqual([200, 'device-laptop']);
    expect(problems).toEqual([]);
    expect(
      requests.filter((url) => !url.startsWith(`${app.url}/`) && !url.startsWith('data:')),
    ).toEqual([]);
  });

  test('a user denies, and the program gets access_denied', async () => {
    const { userCode, deviceCode } = await start();
    const { page } = await open();
    await signIn(page, tokenFor('denier'));
    await enter(page, userCode);
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('heading', { name: 'Denied. Nothing was created.' }).waitFor();
    const refused = await redeemDevice(app.url, deviceCode);
    expect(refused.body['error']).toBe('access_denied');
    await page.getByRole('button', { name: 'Enter another code' }).click();
    await expect.poll(() => focused(page)).toBe('code');
    expect(await page.getByLabel('Code').inputValue()).toBe('');
  });

  test.each([
    ['Deny', 'Denied. Nothing was created.', 'access_denied'],
    ['Approve', 'Approved. Return to your terminal.', undefined],
  ])(
    'a program in another network is approved only after a second question: %s',
    async (choice, heading, refusal) => {
      const { userCode, deviceCode } = await start(undefined, '203.0.113.7');
      const { page, problems } = await open();
      await signIn(page, tokenFor(`elsewhere ${choice}`));
      await enter(page, userCode);
      await page.getByText('from 203.0.113.7. This browser is in another network.').waitFor();
      await page.getByRole('button', { name: 'Approve' }).click();
      const second = page.getByRole('region', {
        name: 'The program is in another network. Is it yours?',
      });
      await second.waitFor();
      await expect.poll(() => focused(page)).toBe('second-deny');
      await second.getByText('It asked from 203.0.113.7').waitFor();
      await warning(page).waitFor();
      await expectEqualChoices(second);
      const pending = await redeemDevice(app.url, deviceCode);
      expect(pending.body['error']).toBe('authorization_pending');
      await second.getByRole('button', { name: choice }).click();
      await page.getByRole('heading', { name: heading }).waitFor();
      expect((await redeemDevice(app.url, deviceCode)).body['error']).toBe(refusal);
      expect(problems).toEqual([]);
    },
  );

  test('a user takes an approval back, also after they entered the code again', async () => {
    const { userCode, deviceCode } = await start();
    const { page } = await open();
    await signIn(page, tokenFor('hasty'));
    await enter(page, userCode);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('heading', { name: 'Approved. Return to your terminal.' }).waitFor();
    await page.getByText('If you did not start this login').waitFor();
    await page.getByRole('button', { name: 'Enter another code' }).click();
    await enter(page, userCode);
    await page.getByRole('button', { name: 'I did not start this' }).click();
    await page.getByRole('heading', { name: 'Denied. Nothing was created.' }).waitFor();
    await page.getByRole('button', { name: 'I did not start this' }).waitFor({ state: 'hidden' });
    expect((await redeemDevice(app.url, deviceCode)).body['error']).toBe('access_denied');
  });

  test('a user who takes an approval back too late ends the key of the program', async () => {
    const { userCode, deviceCode } = await start();
    const { page } = await open();
    await signIn(page, tokenFor('too late'));
    await enter(page, userCode);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByRole('heading', { name: 'Approved. Return to your terminal.' }).waitFor();
    const key = (await redeemDevice(app.url, deviceCode)).body['api_key'] as string;
    expect((await verifyKey(app.url, key)).status).toBe(200);
    await page.getByRole('button', { name: 'Enter another code' }).click();
    await enter(page, userCode);
    await page.getByRole('heading', { name: 'The program has its key.' }).waitFor();
    await page.getByRole('button', { name: 'I did not start this' }).click();
    await page.getByRole('heading', { name: 'The key is deleted.' }).waitFor();
    await page.getByText('The program already had the key device-laptop.').waitFor();
    expect((await verifyKey(app.url, key)).status).toBe(401);
    expect((await redeemDevice(app.url, deviceCode)).body['error']).toBe('expired_token');
  });

  test('exactly one warning is on screen while a code is entered and decided', async () => {
    const { userCode } = await start();
    const { page } = await open();
    await signIn(page, tokenFor('warned'));
    await warning(page).waitFor();
    await enter(page, userCode);
    await page.getByRole('button', { name: 'Deny' }).waitFor();
    expect(await warning(page).count()).toBe(1);
    await warning(page).waitFor();
    expect(await page.locator('#notice').textContent()).toBe('');
  });

  test('the name is a quotation in a row of its own, and HTML in it is text', async () => {
    const name = '<img src=x onerror=alert(1)><b>bold</b>';
    const { userCode } = await start();
    const { page, problems, requests } = await open();
    // The service refuses such a name when a login is started, so the test changes the response.
    await page.route('**/device/approve', async (route) => {
      const response = await route.fetch();
      await route.fulfill({ response, json: { ...(await response.json()), api_key_name: name } });
    });
    await signIn(page, tokenFor('reader'));
    await enter(page, userCode);
    await page.getByText(name).waitFor();
    expect(await page.locator('dd:has(q > bdi#name)').textContent()).toBe(name);
    expect(await page.locator('main img, main b').count()).toBe(0);
    expect(problems).toEqual([]);
    expect(requests.filter((url) => url.endsWith('/x'))).toEqual([]);
  });

  test('a code in the address is neither used nor left there', async () => {
    const { userCode } = await start();
    const { page } = await open({}, `?user_code=${userCode}#${userCode}`);
    await expect.poll(() => page.url()).toBe(`${app.url}/console/device`);
    await signIn(page, tokenFor('linked'));
    expect(await page.getByLabel('Code').inputValue()).toBe('');
    expect(await page.content()).not.toContain(userCode);
  });

  test('a page of another origin cannot show it in a frame', async () => {
    const { page } = await openPage(browser);
    onTestFinished(() => page.context().close());
    await page.route('http://other.example/', (route) =>
      route.fulfill({
        contentType: 'text/html',
        body: `<iframe src="${app.url}/console/device"></iframe>`,
      }),
    );
    await page.goto('http://other.example/');
    const frameUrl = () => page.frames()[1]?.url();
    await expect.poll(frameUrl).toBe('chrome-error://chromewebdata/');
  });

  test('says what to do with wrong codes, and when there were too many', async () => {
    const { page } = await open();
    await signIn(page, tokenFor('guesser'));
    await enter(page, 'AEIOU');
    await page.getByText('Enter the 8 letters that your terminal shows').waitFor();
    for (const code of ['BBBB-BBBB', 'CCCC-CCCC', 'DDDD-DDDD', 'FFFF-FFFF', 'GGGG-GGGG']) {
      const answer = page.waitForResponse('**/device/approve');
      await enter(page, code);
      await answer;
      await page.getByText('No login with this code waits for you').waitFor();
    }
    await enter(page, 'HHHH-HHHH');
    await page.getByText('Too many wrong codes. Try again in 10 minutes.').waitFor();
  });

  test('says why a key cannot be issued, and the user can still deny', async () => {
    const token = tokenFor('full', { tier: 'pioneer' });
    await requestKey(app.url, { api_key_name: 'other' }, { token });
    const { userCode } = await start();
    const { page } = await open();
    await signIn(page, token);
    await enter(page, userCode);
    await page.getByRole('button', { name: 'Approve' }).click();
    await page.getByText('You have as many active keys as your tier allows').waitFor();
    await page.getByRole('button', { name: 'Deny' }).click();
    await page.getByRole('heading', { name: 'Denied. Nothing was created.' }).waitFor();
  });

  test('asks for another token if the service does not accept it', async () => {
    const { userCode } = await start();
    const { page } = await open();
    await page.getByLabel('Your token').fill('two words');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByText('This is not a token').waitFor();
    await signIn(page, 'no-token');
    await enter(page, userCode);
    await page.getByText('does not accept your token').waitFor();
    await signIn(page, tokenFor('second try'));
    await enter(page, userCode);
    await page.getByRole('button', { name: 'Deny' }).waitFor();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByLabel('Your token').waitFor();
    expect(await page.getByText(userCode).isVisible()).toBe(false);
  });

  test.each([
    ['light', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
    ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
    ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 740 } }],
  ] as const)(
    'the %s page for device logins has no serious axe-core violation and fits the window',
    async (name, options) => {
      const body = { api_key_name: `a-long-name-${'x'.repeat(60)}` };
      const { userCode } = await start(body, '2001:db8:85a3:8d3:1319:8a2e:370:7348');
      const { page } = await open(options);
      const inspect = async (state: string) => {
        await page.screenshot({ path: join(screenshots, `device-${state}-${name}.png`) });
        expect(await seriousViolations(page), state).toEqual([]);
        const width = await page.evaluate('document.documentElement.scrollWidth');
        expect(width, state).toBe(options.viewport.width);
      };
      await inspect('sign-in');
      await signIn(page, tokenFor(`axe ${name}`));
      await inspect('entry');
      await enter(page, 'BBBB-BBBB');
      await page.getByText('No login with this code').waitFor();
      await inspect('refused');
      await enter(page, userCode);
      await page.getByRole('button', { name: 'Deny' }).waitFor();
      await inspect('decision');
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByText('which is not the network of this browser').waitFor();
      await inspect('second question');
      await page.getByRole('button', { name: 'Approve' }).click();
      await page.getByRole('button', { name: 'I did not start this' }).waitFor();
      await inspect('outcome');
    },
  );
});
