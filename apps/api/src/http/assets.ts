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
    // Headers that are already set would take precedence over the headers of the library.
    response.removeHeader('Cache-Control');
    // Ranges are ignored (RFC 9110 section 14.2): the library answers some with the wrong bytes.
    delete request.headers.range;
    response.setHeader('Accept-Ranges', 'none');
    serve(request, response, () => {
      response.removeHeader('Accept-Ranges');
      forbidCaching(request, response, next);
    });
  };
}

/** Lets only GET and HEAD requests continue in the router. Requests with other methods leave it. */
const readsOnly: RequestHandler = ({ method }, _response, next) => {
  next(method === 'GET' || method === 'HEAD' ? undefined : 'router');
};

/**
 * Creates a router that serves the static files which the build has compressed. Their names change
 * with their content, so they can be cached forever.
 *
 * @param path the path of the files
 * @param folder the folder that contains them in `assets`
 */
export function assets(path: string, folder: string): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.use(path, readsOnly, reportRoute(`${path}/*`), serveFolder(join(folder, 'assets')));
  return router;
}
