import { launchBrowser, openPage, seriousViolations } from '@andamio/testing/browser';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest';
import { discoveredKeys, discoveredProvider } from '../../src/auth/discovery.ts';
import { startApp, type TestApp } from '../harness/app.ts';
import { ecPair, rsaPair } from '../harness/jwks-server.ts';
import {
  type OpenIdProvider,
  providerAudience,
  publicClientId,
  startOpenIdProvider,
} from '../harness/openid-provider.ts';

/** Starts the service with settings for a sign-in at the given issuer. */
function startAppAt(issuer: string, monotonicNow = () => performance.now()): Promise<TestApp> {
  const options = { issuer, requireHttps: false, now: monotonicNow, onFailure: () => {} };
  return startApp({
    settings: {
      deviceLogin: true,
      consoleSignIn: {
        issuer,
        clientId: publicClientId,
        scope: 'openid apikey:read apikey:write',
        resource: providerAudience,
      },
    },
    signInProvider: discoveredProvider(options),
    signingKeys: discoveredKeys(options),
    jwt: { JWT_OIDC_ISSUER: issuer, JWT_AUDIENCE: providerAudience },
  });
}

const keys = { ec: ecPair(), rsa: rsaPair() };

describe.skipIf(!inject('available').includes('chromium'))(
  'sign-in with OpenID Connect in Chromium',
  () => {
    let browser: Browser;
    let provider: OpenIdProvider;
    let app: TestApp;
    const client = (accessTokenSeconds = 300, hasRefreshTokens = true) =>
      provider.addPublicClient({
        redirectUris: [`${app.url}/console`, `${app.url}/console/device`],
        accessTokenSeconds,
        hasRefreshTokens,
      });

    beforeAll(async () => {
      browser = await launchBrowser();
      provider = await startOpenIdProvider(keys);
      app = await startAppAt(provider.issuer);
    });
    beforeEach(() => client());
    afterEach(async () => {
      for (const context of browser.contexts()) await context.close();
    });
    afterAll(async () => {
      await browser.close();
      await app.close();
      await provider.stop();
    });

    /**
     * Opens a page. Blocks the fonts that the provider's own pages would load from the Internet.
     */
    const newPage = async (options: BrowserContextOptions = {}) => {
      const opened = await openPage(browser, options);
      await opened.page.route('https://fonts.googleapis.com/**', (route) =>
        route.fulfill({ contentType: 'text/css', body: '' }),
      );
      return opened;
    };
    const open = async () => {
      const opened = await newPage();
      await opened.page.goto(`${app.url}/console`);
      await signInButton(opened.page).waitFor();
      return opened;
    };
    const signInButton = (page: Page) => page.getByRole('button', { name: 'Sign in', exact: true });
    /** Signs in at the provider, and gives the consent that it asks for. */
    const signIn = async (page: Page, user: string) => {
      await signInButton(page).click();
      await page.getByPlaceholder('Enter any login').fill(user);
      await page.getByPlaceholder('and password').fill('any');
      await page.getByRole('button', { name: 'Sign-in' }).click();
      await page.getByRole('button', { name: 'Continue' }).click();
    };
    const create = async (page: Page, name: string) => {
      await page.getByRole('button', { name: 'Create key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill(name);
      await dialog.getByRole('button', { name: 'Create key' }).click();
      await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
    };
    /** Records the bodies of the page's requests to the token endpoint. */
    const grantsOf = (page: Page) => {
      const grants: URLSearchParams[] = [];
      page.on('request', (request) => {
        if (request.url() === `${provider.issuer}/token`)
          grants.push(new URLSearchParams(request.postData() ?? ''));
      });
      return grants;
    };

    test('a user signs in at the issuer, creates a key, and signs out', async () => {
      const { page, problems } = await open();
      expect(await page.getByLabel('Your token').isVisible()).toBe(false);
      const grants = grantsOf(page);
      const own: string[] = [];
      page.on('request', (request) => {
        if (request.frame().url().startsWith(app.url)) own.push(request.url());
      });
      const tokens: string[] = [];
      page.on('response', async (response) => {
        if (response.url() !== `${provider.issuer}/token`) return;
        tokens.push(
          ...Object.values<string>(await response.json()).filter((value) => `${value}`.length > 30),
        );
      });
      await signIn(page, 'ada');
      await page.getByText('No keys yet').waitFor();
      expect(grants.map((grant) => grant.get('grant_type'))).toEqual(['authorization_code']);
      await create(page, 'made by ada');
      await page.getByRole('button', { name: 'I have stored it' }).click();
      await page.getByRole('button', { name: 'Close anyway' }).click();
      await page.getByRole('row', { name: 'made by ada' }).waitFor();

      expect(tokens).toHaveLength(3);
      const kept = await page.evaluate<string>(`(async () => JSON.stringify([
      { ...localStorage }, { ...sessionStorage }, document.cookie, location.href, history.state,
      await indexedDB.databases(), await caches.keys(), document.documentElement.outerHTML,
    ]))()`);
      for (const token of tokens) expect(kept).not.toContain(token);
      expect(page.url()).toBe(`${app.url}/console`);
      expect(await page.evaluate('sessionStorage.length + localStorage.length')).toBe(0);
      const authorization = new URL(own.find((url) => url.includes('/auth?')) ?? '');
      expect(Object.fromEntries(authorization.searchParams)).toMatchObject({
        response_type: 'code',
        code_challenge_method: 'S256',
        redirect_uri: `${app.url}/console`,
        scope: 'openid apikey:read apikey:write',
      });
      expect(
        own.filter((url) => ![app.url, provider.issuer].includes(new URL(url).origin)),
      ).toEqual([]);

      const revocation = page.waitForResponse(`${provider.issuer}/token/revocation`);
      await page.getByRole('button', { name: 'Sign out' }).click();
      expect((await revocation).status()).toBe(200);
      await page.getByText('You are signed out of this page.').waitFor();
      await page.getByRole('link', { name: /sign out at/ }).waitFor();
      await page.getByRole('row').waitFor({ state: 'detached' });
      expect(problems).toEqual([]);
    });

    test('an access token that expires in the middle is renewed without the user', async () => {
      client(1);
      const { page } = await open();
      const grants = grantsOf(page);
      await signIn(page, 'brief');
      await page.getByText('No keys yet').waitFor();
      const renewals = () =>
        grants.filter((grant) => grant.get('grant_type') === 'refresh_token').length;
      await expect
        .poll(async () => {
          await page.getByRole('button', { name: 'Refresh' }).click();
          return renewals();
        })
        .toBeGreaterThan(0);
      await page.locator('[aria-disabled=false]', { hasText: 'Refresh' }).waitFor();
      await page.getByText('No keys yet').waitFor();
      await page.getByText('You are signed out').waitFor({ state: 'detached' });
    });

    test.each([429, 408, 503])(
      'a renewal that the issuer answers with %d keeps the user signed in',
      async (status) => {
        client(1);
        const { page } = await open();
        await signIn(page, `delayed ${status}`);
        await page.getByText('No keys yet').waitFor();
        await page.route(`${provider.issuer}/token`, (route) =>
          route.fulfill({
            status,
            headers: { 'access-control-allow-origin': '*' },
            json: { error: 'too_many_requests' },
          }),
        );
        const problem = page.getByText('Your sign-in could not be checked. Try again.');
        const isSaidAfterRefresh = async () => {
          await page.getByRole('button', { name: 'Refresh' }).click();
          return problem.isVisible();
        };
        await expect.poll(isSaidAfterRefresh).toBe(true);
        await page.unroute(`${provider.issuer}/token`);
        await expect.poll(isSaidAfterRefresh).toBe(false);
        expect(await signInButton(page).isVisible()).toBe(false);
      },
    );

    test('a refresh token that the issuer has revoked asks to sign in again', async () => {
      client(1);
      const { page } = await open();
      const answer = page.waitForResponse(`${provider.issuer}/token`);
      await signIn(page, 'revoked');
      const { refresh_token } = await (await answer).json();
      await page.getByText('No keys yet').waitFor();
      const revocation = await fetch(`${provider.issuer}/token/revocation`, {
        method: 'POST',
        body: new URLSearchParams({ token: refresh_token, client_id: publicClientId }),
      });
      expect(revocation.status).toBe(200);
      await expect
        .poll(async () => {
          await page.getByRole('button', { name: 'Refresh' }).click();
          return signInButton(page).isVisible();
        })
        .toBe(true);
      await page.getByText('does not accept your sign-in any more').waitFor();
    });

    test('a token that cannot be renewed asks to sign in again, and the new key stays on screen', async () => {
      client(300, false);
      const { page } = await open();
      await signIn(page, 'unrenewed');
      await page.getByText('No keys yet').waitFor();
      await page.route('**/apikey/list*', (route) =>
        route.fulfill({
          status: 401,
          headers: { 'x-error-code': 'unauthenticated' },
          json: { details: 'Rejected.', message: 'Unauthorized', statusCode: 401 },
        }),
      );
      await create(page, 'still shown');
      await page.getByText('does not accept your sign-in any more').waitFor();
      expect(await page.getByLabel('Your key', { exact: true }).inputValue()).toMatch(/^ant-/);
      await page.getByRole('button', { name: 'I have stored it' }).click();
      await page.getByRole('button', { name: 'Close anyway' }).click();
      await signInButton(page).waitFor();
    });

    test('a user who must sign in again in a dialog comes back to it, and makes the change only once', async () => {
      client(300, false);
      const { page } = await open();
      await signIn(page, 'returning');
      await page.getByText('No keys yet').waitFor();
      let created: unknown;
      const idempotencyKeys = new Set<string | undefined>();
      let attempts = 0;
      await page.route('**/apikey/request', async (route) => {
        attempts++;
        idempotencyKeys.add(route.request().headers()['idempotency-key']);
        if (attempts === 1) {
          created = ((await (await route.fetch()).json()) as { api_key: string }).api_key;
          await route.abort('connectionreset');
        } else if (attempts === 2) {
          await route.fulfill({
            status: 401,
            headers: { 'x-error-code': 'unauthenticated' },
            json: { details: 'Rejected.', message: 'Unauthorized', statusCode: 401 },
          });
        } else {
          await route.continue();
        }
      });
      await page.getByRole('button', { name: 'Create key' }).click();
      const dialog = page.getByRole('dialog');
      await dialog.getByLabel('Name').fill('half made');
      await dialog.getByLabel('30 days').check();
      await dialog.getByRole('button', { name: 'Create key' }).click();
      await page.getByText('does not accept your sign-in any more').waitFor();
      // The session at the issuer continues, so that it asks for nothing but the consent.
      await signInButton(page).click();
      await page.getByRole('button', { name: 'Continue' }).click();
      await dialog.getByText('the change may have been made').waitFor();
      expect(await dialog.getByLabel('Name').inputValue()).toBe('half made');
      expect(await dialog.getByLabel('30 days').isChecked()).toBe(true);
      expect(await page.evaluate('sessionStorage.length + localStorage.length')).toBe(0);
      await dialog.getByRole('button', { name: 'Create key' }).click();
      await page.getByRole('heading', { name: 'Copy your new key' }).waitFor();
      expect(await page.getByLabel('Your key', { exact: true }).inputValue()).toBe(created);
      expect(attempts).toBe(3);
      expect(idempotencyKeys.size).toBe(1);
    });

    test('the page for programs without a browser has the same sign-in, and returns to itself', async () => {
      const { page } = await newPage();
      await page.goto(`${app.url}/console/device?user_code=WDJB-MJHT`);
      await signIn(page, 'approver');
      await page.getByRole('heading', { name: 'Enter the code shown in your terminal' }).waitFor();
      expect(page.url()).toBe(`${app.url}/console/device`);
      await page.getByLabel('Code').fill('WDJB-MJHT');
      await page.getByRole('button', { name: 'Continue' }).click();
      await page.getByText('No login with this code waits for you').waitFor();
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out of this page.').waitFor();
    });

    /** Opens a page whose clock the test controls. Access tokens are valid for a minute. */
    const openWithClock = async (path: string) => {
      client(60);
      const { page } = await newPage();
      await page.clock.install();
      await page.goto(`${app.url}${path}`);
      return page;
    };

    test('a renewal that yields the token of another user asks for the code again, and sends nothing for that user before', async () => {
      const other = await open();
      const answer = other.page.waitForResponse(`${provider.issuer}/token`);
      await signIn(other.page, 'another');
      const { access_token } = await (await answer).json();

      const page = await openWithClock('/console/device');
      await signIn(page, 'the approver');
      const enterCode = async () => {
        await page.getByLabel('Code').fill('no code');
        await page.getByRole('button', { name: 'Continue' }).click();
      };
      await enterCode();
      await page.getByText('Enter the 8 letters').waitFor();
      await page.route(`${provider.issuer}/token`, async (route) => {
        const response = await route.fetch();
        await route.fulfill({ response, json: { ...(await response.json()), access_token } });
      });
      const sent: (string | undefined)[] = [];
      page.on('request', async (request) => {
        sent.push((await request.allHeaders())['authorization']);
      });
      await page.clock.fastForward(61_000);
      await enterCode();
      await page
        .getByText('You are signed in with another account now. Enter the code again.')
        .waitFor();
      expect(await page.getByLabel('Code').inputValue()).toBe('');
      expect(sent).not.toContain(`Bearer ${access_token}`);
      await enterCode();
      await page.getByText('Enter the 8 letters').waitFor();
      expect(sent).toContain(`Bearer ${access_token}`);
    });

    test('a sign-out during a renewal revokes the refresh token that the renewal yields', async () => {
      const page = await openWithClock('/console');
      await signIn(page, 'impatient');
      await page.getByText('No keys yet').waitFor();
      const revoked: (string | null)[] = [];
      page.on('request', (request) => {
        if (request.url() === `${provider.issuer}/token/revocation`)
          revoked.push(new URLSearchParams(request.postData() ?? '').get('token'));
      });
      const rotated = Promise.withResolvers<string>();
      const signedOut = Promise.withResolvers<void>();
      await page.route(`${provider.issuer}/token`, async (route) => {
        const response = await route.fetch();
        rotated.resolve((await response.json()).refresh_token);
        await signedOut.promise;
        await route.fulfill({ response });
      });
      await page.clock.fastForward(61_000);
      await page.getByRole('button', { name: 'Refresh' }).click();
      const refreshToken = await rotated.promise;
      await page.getByRole('button', { name: 'Sign out' }).click();
      await page.getByText('You are signed out of this page.').waitFor();
      signedOut.resolve();
      await expect.poll(() => revoked).toEqual([expect.any(String), refreshToken]);
      expect(revoked[0]).not.toBe(refreshToken);
    });

    test('consent that is refused is said, and the user can try again', async () => {
      const { page } = await open();
      await signInButton(page).click();
      await page.getByRole('link', { name: 'Cancel' }).click();
      await page.getByText('was told to refuse access').waitFor();
      expect(page.url()).toBe(`${app.url}/console`);
      await signIn(page, 'convinced');
      await page.getByText('No keys yet').waitFor();
    });

    test.each([
      ['of another sign-in', 'code=stolen&state=other'],
      ['with an error of another sign-in', 'error=server_error&state=other'],
    ])('an answer %s is not used', async (_, query) => {
      const { page } = await open();
      const grants = grantsOf(page);
      // A sign-in is under way in the tab, so only the state shows that the answer belongs to
      // another sign-in.
      await page.route(`${provider.issuer}/auth?*`, (route) =>
        route.fulfill({ status: 302, headers: { location: `${app.url}/console?${query}` } }),
      );
      await signInButton(page).click();
      await page.getByText('does not belong to a sign-in of this tab').waitFor();
      expect(grants).toEqual([]);
      expect(await page.evaluate('sessionStorage.length')).toBe(0);
      expect(page.url()).toBe(`${app.url}/console`);
    });

    test('a sign-in that the user left leaves nothing in the storage', async () => {
      const { page } = await open();
      await signInButton(page).click();
      await page.getByPlaceholder('Enter any login').waitFor();
      await page.goto(`${app.url}/console`);
      await signInButton(page).waitFor();
      expect(await page.evaluate('sessionStorage.length')).toBe(0);
    });

    test('an ID token of another sign-in is refused', async () => {
      const { page } = await open();
      await page.route(`${provider.issuer}/auth?*`, async (route) => {
        const url = new URL(route.request().url());
        if (url.searchParams.get('nonce') === 'other') return route.fallback();
        url.searchParams.set('nonce', 'other');
        await route.fulfill({ status: 302, headers: { location: url.href } });
      });
      await signIn(page, 'replayed');
      await page.getByText(/The sign-in at .* failed/).waitFor();
      expect(await page.getByRole('heading', { name: 'API keys' }).count()).toBe(0);
    });

    test('a wrong clock of the browser does not prevent the sign-in', async () => {
      const { page } = await newPage();
      await page.clock.install({ time: Date.now() + 5 * 3_600_000 });
      await page.goto(`${app.url}/console`);
      await signIn(page, 'early');
      await page.getByText('No keys yet').waitFor();
    });

    test('while the issuer is down the page says so, and works after it is up without a restart of the service', async () => {
      const down = await startOpenIdProvider(keys);
      await down.stop();
      let now = 0;
      const service = await startAppAt(down.issuer, () => now);
      const { page } = await newPage();
      await page.goto(`${service.url}/console`);
      await signInButton(page).click();
      await page.getByText('does not respond. Reload this page').waitFor();
      await down.start();
      down.addPublicClient({
        redirectUris: [`${service.url}/console`],
        accessTokenSeconds: 300,
        hasRefreshTokens: false,
      });
      now = 5_000;
      await page.reload();
      await signIn(page, 'patient');
      await page.getByText('No keys yet').waitFor();
      await service.close();
      await down.stop();
    });

    test('an issuer that goes down before the code is exchanged is named', async () => {
      const { page } = await open();
      await page.route(`${provider.issuer}/token`, (route) => route.abort('connectionrefused'));
      await signIn(page, 'stranded');
      await page.getByText('does not respond. Reload this page').waitFor();
    });

    test.each([
      ['light', { colorScheme: 'light', viewport: { width: 1280, height: 800 } }],
      ['dark', { colorScheme: 'dark', viewport: { width: 1280, height: 800 } }],
      ['narrow', { colorScheme: 'light', viewport: { width: 320, height: 740 } }],
    ] as const)(
      'the %s sign-in has no serious axe-core violation and fits the window',
      async (name, options) => {
        const { page } = await newPage(options);
        const inspect = async (state: string) => {
          expect(await seriousViolations(page), state).toEqual([]);
          const width = await page.evaluate('document.documentElement.scrollWidth');
          expect(width, state).toBe(options.viewport.width);
        };
        for (const path of ['/console', '/console/device']) {
          await page.goto(`${app.url}${path}`);
          await signInButton(page).waitFor();
          await inspect(path);
          await page.goto(`${app.url}${path}?code=stolen&state=other`);
          await page.getByText('does not belong to a sign-in of this tab').waitFor();
          await inspect(`${path} after a failure`);
        }
        await signIn(page, `axe ${name}`);
        await page.getByRole('button', { name: 'Sign out' }).click();
        await page.getByRole('link', { name: /sign out at/ }).waitFor();
        await inspect('signed out');
      },
    );

    test('the policy allows requests to the token endpoint of the issuer, and to nothing else of others', async () => {
      const answer = await fetch(`${app.url}/console`);
      expect(answer.headers.get('content-security-policy')).toContain(
        `connect-src 'self' ${provider.issuer};`,
      );
      expect(await (await fetch(`${app.url}/console/settings.json`)).json()).toEqual({
        maxExpiresInDays: null,
        signIn: {
          issuer: provider.issuer,
          clientId: publicClientId,
          scope: 'openid apikey:read apikey:write',
          resource: providerAudience,
          provider: {
            authorizationEndpoint: `${provider.issuer}/auth`,
            tokenEndpoint: `${provider.issuer}/token`,
            revocationEndpoint: `${provider.issuer}/token/revocation`,
            endSessionEndpoint: `${provider.issuer}/session/end`,
            idTokenAlgorithms: expect.arrayContaining(['RS256', 'ES256']),
          },
        },
      });
    });
  },
);
