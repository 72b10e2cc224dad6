import type { RequestHandler } from 'express';

/**
 * Remembers for the log which route a request is for. It stands behind what matches method and path, so that a line names no
 * method but those that the route takes.
 *
 * @param path as the table of routes has it, never as it was sent
 */
export function rememberRoute(path: string): RequestHandler {
  return ({ method }, { locals }, next) => {
    locals.route = { method, path };
    next();
  };
}
