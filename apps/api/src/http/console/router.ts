import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Router } from 'express';
import { assets } from '../assets.ts';
import { refuseOtherMethods, reportRoute } from '../express-steps.ts';
import { jsonType, noStore, sendAnswer } from '../response/answer.ts';
import { compressedAnswer } from '../response/compressed.ts';
import { devicePagePath, pagePath } from './paths.ts';

const settingsPath = `${pagePath}/settings.json`;

/** The settings of the service that the console reads. None is secret. */
export interface ConsoleSettings {
  /** The setting `MAX_EXPIRES_IN_DAYS`; null if it is not set. */
  readonly maxExpiresInDays: number | null;
}

/**
 * The Content Security Policy of the console. It allows only scripts, styles and requests of the
 * same origin. It forbids inline scripts and styles, DOM properties that parse text as HTML
 * (https://www.w3.org/TR/trusted-types/), and frames, which would allow clickjacking.
 */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  'img-src data:',
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join('; ');

/**
 * Creates the router of the console, with which users manage their keys. Files are read when the
 * console is first opened.
 *
 * @param folder the folder with the pages that `packages/console` builds
 * @param deviceLogin whether there is the page on which users approve device logins
 */
export function consoleRouter(
  folder: string,
  settings: ConsoleSettings,
  deviceLogin: boolean,
): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const pages = [
    [pagePath, 'index.html'],
    ...(deviceLogin ? [[devicePagePath, 'device.html'] as const] : []),
  ] as const;
  for (const [path, file] of pages) {
    router.get(path, reportRoute(path), async (request, response) => {
      const page = await readFile(join(folder, file), 'utf8');
      response.setHeader('Content-Security-Policy', contentSecurityPolicy);
      sendAnswer(response, await compressedAnswer(request, 'text/html; charset=utf-8', page));
    });
  }
  router.get(settingsPath, reportRoute(settingsPath), (_request, response) => {
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
