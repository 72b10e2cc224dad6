import type { RequestHandler } from 'express';
import { documentedOrigin, originOf } from '../request/origin.ts';
import { sendCompressed } from '../response/compressed.ts';

interface Server {
  readonly url: string;
  readonly description: string;
}

/** Stands in the prepared text where the list of servers belongs. */
const serversMark = '@servers';

/** The document as a text, and its servers. Loaded when it is asked for: the start need not wait for it. */
async function prepare(): Promise<{ readonly text: string; readonly servers: readonly Server[] }> {
  const { default: document } = await import('@andamio/schema/openapi.json', { with: { type: 'json' } });
  return { text: JSON.stringify({ ...document, servers: serversMark }), servers: document.servers };
}

let prepared: ReturnType<typeof prepare> | undefined;

/** The published hosts, that which answers first. */
function serversFrom(origin: string, published: readonly Server[]): Server[] {
  const own = published.find(({ url }) => url === origin) ?? { url: origin, description: 'This host' };
  return [own, ...published.filter(({ url }) => url !== origin)];
}

/**
 * GET /api/v1/docs/doc.json: the document that `packages/schema` generates from the operations, with the host that was asked
 * in its samples and first among its servers, so that what a reader copies calls the service that he reads about.
 */
export const getOpenApiDocumentHandler: RequestHandler = async (request, response) => {
  prepared ??= prepare();
  const { text, servers } = await prepared;
  const origin = originOf(request);
  const own = text
    .replaceAll(documentedOrigin, origin)
    .replace(JSON.stringify(serversMark), () => JSON.stringify(serversFrom(origin, servers)));
  await sendCompressed(request, response, 'application/json; charset=utf-8', own);
};
