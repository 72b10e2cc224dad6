import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { basePath } from '@andamio/schema/hosts';
import { Router } from 'express';
import { pagePolicy } from '../../page-policy.ts';
import { assets } from '../assets.ts';
import { refuseOtherMethods, reportRoute } from '../express-steps.ts';
import { documentedOrigin, type OriginOf } from '../request/origin.ts';
import { sendAnswer } from '../response/answer.ts';
import { compressedAnswer } from '../response/compressed.ts';

const docs = `${basePath}/docs`;
const pagePath = `${docs}/index.html`;
const assetsPath = `${docs}/assets`;

/** Paths that redirect to the reference page. */
const otherPaths = ['/', '/docs', docs];

/** A text version of the reference: its file and its media type. */
interface TextVersion {
  readonly file: string;
  readonly type: string;
  /**
   * Inserts the origin into a text that contains scheme and host as separate values, where
   * replacing the documented origin has no effect.
   */
  readonly withOrigin?: (text: string, origin: string) => string;
}

const llms: TextVersion = { file: 'llms.txt', type: 'text/plain; charset=utf-8' };

/** Text versions of the reference, by path. */
const texts: Readonly<Record<string, TextVersion>> = {
  [`${docs}/reference.md`]: { file: 'reference.md', type: 'text/markdown; charset=utf-8' },
  [`${docs}/swagger.json`]: {
    file: 'swagger.json',
    type: 'application/json; charset=utf-8',
    withOrigin(text, origin) {
      const [scheme, host] = origin.split('://');
      return JSON.stringify({ ...JSON.parse(text), host, schemes: [scheme] });
    },
  },
  [`${docs}/llms.txt`]: llms,
  '/llms.txt': llms,
};

/**
 * Resolves to the text of a file of the reference, with the documented origin replaced by the given
 * origin.
 */
type ReadText = (name: string, origin: string) => Promise<string>;

/**
 * Creates a function that reads files of the reference. It keeps each text in memory after its
 * first use.
 */
function textsOf(folder: string): ReadText {
  const read = new Map<string, Promise<string>>();
  return async (name, origin) => {
    let text = read.get(name);
    if (text === undefined) {
      text = readFile(join(folder, name), 'utf8');
      read.set(name, text);
      // The next call repeats a failed read.
      text.catch(() => read.delete(name));
    }
    return (await text).replaceAll(documentedOrigin, origin);
  };
}

/**
 * Creates the router of the reference page, its text versions and its assets. Files are read on
 * first use.
 *
 * @param folder the output of `packages/reference`
 */
export function referenceRouter(folder: string, originOf: OriginOf): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const read = textsOf(folder);

  for (const path of otherPaths) {
    router.get(path, reportRoute(path), (_request, response) => response.redirect(pagePath));
  }
  router.get(pagePath, reportRoute(pagePath), async (request, response) => {
    const page = await read('index.html', originOf(request) ?? documentedOrigin);
    response.setHeader('Content-Security-Policy', pagePolicy());
    sendAnswer(response, await compressedAnswer(request, 'text/html; charset=utf-8', page));
  });
  for (const [path, { file, type, withOrigin }] of Object.entries(texts)) {
    router.get(path, reportRoute(path), async (request, response) => {
      const origin = originOf(request) ?? documentedOrigin;
      const text = await read(file, origin);
      const own = withOrigin?.(text, origin) ?? text;
      sendAnswer(response, await compressedAnswer(request, type, own));
    });
  }
  for (const path of [...otherPaths, pagePath, ...Object.keys(texts)])
    router.all(path, refuseOtherMethods(['get']));

  router.use(assets(assetsPath, folder));
  return router;
}
