import document from '@andamio/schema/openapi.json' with { type: 'json' };
import type { RequestHandler } from 'express';
import { sendCompressed } from '../compressed.ts';
import { documentedOrigin, originOf } from '../origin.ts';

/** Stands in the prepared text where the list of servers belongs. */
const serversMark = '@servers';

let prepared: string | undefined;

/** The published hosts, that which answers first. */
function serversFrom(origin: string) {
  const own = document.servers.find(({ url }) => url === origin) ?? { url: origin, description: 'This host' };
  return [own, ...document.servers.filter(({ url }) => url !== origin)];
}

/**
 * GET /api/v1/docs/doc.json: the document that `packages/schema` generates from the operations, with the host that was asked
 * in its samples and first among its servers, so that what a reader copies calls the service that he reads about.
 */
export const getOpenApiDocumentHandler: RequestHandler = async (request, response) => {
  const origin = originOf(request);
  prepared ??= JSON.stringify({ ...document, servers: serversMark });
  const text = prepared
    .replaceAll(documentedOrigin, origin)
    .replace(JSON.stringify(serversMark), () => JSON.stringify(serversFrom(origin)));
  await sendCompressed(request, response, 'application/json; charset=utf-8', text);
};
