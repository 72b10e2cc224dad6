import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { nonceMark } from '@andamio/reference/nonce-mark';
import { basePath } from '@andamio/schema/hosts';
import { type RequestHandler, Router } from 'express';
import { originOf } from '../request/origin.ts';
import { forbidCaching } from '../response/caching.ts';
import { sendCompressed } from '../response/compressed.ts';
import { refuseOtherMethods } from '../routing/methods.ts';
import { rememberRoute } from '../routing/remember-route.ts';
import { contentSecurityPolicy } from './content-security-policy.ts';
import { textsOf } from './texts.ts';

const docs = `${basePath}/docs`;
const pagePath = `${docs}/index.html`;
const assetsPath = `${docs}/assets`;

/** Where people look for the reference. */
const otherPaths = ['/', '/docs', docs];

/** Texts beside the page, by path. */
const texts = {
  [`${docs}/reference.md`]: { file: 'reference.md', type: 'text/markdown; charset=utf-8' },
  [`${docs}/llms.txt`]: { file: 'llms.txt', type: 'text/plain; charset=utf-8' },
  '/llms.txt': { file: 'llms.txt', type: 'text/plain; charset=utf-8' },
} as const;

/** Files whose names change with their content, in the form that the build compressed. Found and read when they are asked for. */
function assets(folder: string): RequestHandler {
  let serve: RequestHandler | undefined;
  return async (request, response, next) => {
    if (serve === undefined) {
      const { default: sirv } = await import('sirv');
      serve = sirv(join(folder, 'assets'), { brotli: true, gzip: true, immutable: true, maxAge: 31_536_000 });
    }
    // What is set already wins over what the files are served with.
    response.removeHeader('Cache-Control');
    // Ranges are ignored (RFC 9110 section 14.2): the library answers some of them with the wrong bytes.
    delete request.headers.range;
    response.setHeader('Accept-Ranges', 'none');
    serve(request, response, () => {
      response.removeHeader('Accept-Ranges');
      forbidCaching(request, response, next);
    });
  };
}

/** Lets on what reads. Anything else leaves the router: nothing here is for it. */
const readsOnly: RequestHandler = ({ method }, _response, next) => {
  next(method === 'GET' || method === 'HEAD' ? undefined : 'router');
};

/**
 * The reference page and its forms for other readers. Nothing is read before it is asked for.
 *
 * @param folder what `packages/reference` builds
 */
export function referenceRouter(folder: string): Router {
  const router = Router({ caseSensitive: true, strict: true });
  const read = textsOf(folder);

  for (const path of otherPaths) {
    router.get(path, rememberRoute(path), (_request, response) => response.redirect(pagePath));
  }
  router.get(pagePath, rememberRoute(pagePath), async (request, response) => {
    const nonce = randomBytes(18).toString('base64');
    const page = await read('index.html', originOf(request));
    response.setHeader('Content-Security-Policy', contentSecurityPolicy(nonce));
    await sendCompressed(request, response, 'text/html; charset=utf-8', page.replaceAll(nonceMark, nonce));
  });
  for (const [path, { file, type }] of Object.entries(texts)) {
    router.get(path, rememberRoute(path), async (request, response) =>
      sendCompressed(request, response, type, await read(file, originOf(request))),
    );
  }
  for (const path of [...otherPaths, pagePath, ...Object.keys(texts)]) router.all(path, refuseOtherMethods(['get']));

  router.use(assetsPath, readsOnly, rememberRoute(`${assetsPath}/*`), assets(folder));
  return router;
}
