import { join } from 'node:path';
import { type RequestHandler, Router } from 'express';
import { forbidCaching, reportRoute } from './express-steps.ts';

/** Serves the files in a folder. The folder is read on first use. */
function serveFolder(folder: string): RequestHandler {
  let serve: RequestHandler | undefined;
  return async (request, response, next) => {
    if (serve === undefined) {
      const { default: sirv } = await import('sirv');
      serve = sirv(folder, {
        brotli: true,
        gzip: true,
        immutable: true,
        maxAge: 31_536_000,
      });
    }
    // The library does not overwrite headers that are already set.
    response.removeHeader('Cache-Control');
    // Ranges are ignored, which RFC 9110 section 14.2 allows, because the library answers some with
    // the wrong bytes.
    delete request.headers.range;
    response.setHeader('Accept-Ranges', 'none');
    serve(request, response, () => {
      response.removeHeader('Accept-Ranges');
      forbidCaching(request, response, next);
    });
  };
}

/**
 * Passes GET and HEAD requests to the next handler. Requests with other methods leave the router.
 */
const readsOnly: RequestHandler = ({ method }, _response, next) => {
  next(method === 'GET' || method === 'HEAD' ? undefined : 'router');
};

/**
 * Creates a router that serves static files that the build has compressed. Clients may cache a file
 * forever, because its name contains a hash of its content.
 *
 * @param path the path under which the files are served
 * @param folder the folder whose subfolder `assets` contains the files
 */
export function assets(path: string, folder: string): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use(path, readsOnly, reportRoute(`${path}/*`), serveFolder(join(folder, 'assets')));
  return router;
}
