import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type {
  ConsoleSettings,
  SignInProvider,
  SignInSettings,
} from '@andamio/schema/console-settings';
import type { ConsoleSignIn } from '@andamio/schema/settings';
import { Router } from 'express';
import { pagePolicy } from '../../page-policy.ts';
import { assets } from '../assets.ts';
import { refuseOtherMethods, reportRoute } from '../express-steps.ts';
import { jsonType, noStore, sendAnswer } from '../response/answer.ts';
import { compressedAnswer } from '../response/compressed.ts';
import { devicePagePath, pagePath } from './paths.ts';

const settingsPath = `${pagePath}/settings.json`;

/** Returns the origins that the page requests when a user signs in, renews or signs out. */
function originsOf(signIn: SignInSettings | null): string[] {
  const { tokenEndpoint = null, revocationEndpoint = null } = signIn?.provider ?? {};
  const urls = [tokenEndpoint, revocationEndpoint].filter((url) => url !== null);
  return [...new Set(urls.map((url) => new URL(url).origin))];
}

export interface ConsoleOptions {
  /** The folder with the pages that `packages/console` builds. */
  readonly folder: string;
  readonly maxExpiresInDays: number | undefined;
  /** The sign-in at the issuer. Undefined if users paste a token. */
  readonly signIn: ConsoleSignIn | undefined;
  /**
   * Returns the issuer's endpoints; null while they are unknown. Called only if `signIn` is
   * defined.
   */
  readonly provider: () => Promise<SignInProvider | null>;
  /** Whether there is the page on which users approve device logins. */
  readonly deviceLogin: boolean;
}

/**
 * Creates the router of the console, the page on which users manage their keys. Files are read when
 * the console is first opened.
 */
export function consoleRouter(options: ConsoleOptions): Router {
  const { folder, maxExpiresInDays = null, signIn, provider, deviceLogin } = options;
  const signInSettings = async () =>
    signIn === undefined ? null : { ...signIn, provider: await provider() };
  const router = Router({ caseSensitive: true, strict: true });
  const pages = [
    [pagePath, 'index.html'],
    ...(deviceLogin ? [[devicePagePath, 'device.html'] as const] : []),
  ] as const;
  for (const [path, file] of pages) {
    router.get(path, reportRoute(path), async (request, response) => {
      const [page, signInNow] = await Promise.all([
        readFile(join(folder, file), 'utf8'),
        signInSettings(),
      ]);
      response.setHeader('Content-Security-Policy', pagePolicy(originsOf(signInNow)));
      sendAnswer(response, await compressedAnswer(request, 'text/html; charset=utf-8', page));
    });
  }
  router.get(settingsPath, reportRoute(settingsPath), async (_request, response) => {
    const settings: ConsoleSettings = { maxExpiresInDays, signIn: await signInSettings() };
    sendAnswer(response, {
      status: 200,
      headers: [...noStore, ...jsonType],
      body: JSON.stringify(settings),
    });
  });
  for (const path of [...pages.map(([page]) => page), settingsPath])
    router.all(path, refuseOtherMethods(['get']));
  router.use(assets(`${pagePath}/assets`, folder));
  return router;
}
