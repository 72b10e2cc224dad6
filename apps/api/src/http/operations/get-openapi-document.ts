import type { Exchange } from '../exchange.ts';
import { documentedOrigin, type OriginOf } from '../request/origin.ts';
import type { Answer } from '../response/answer.ts';
import { compressedAnswer } from '../response/compressed.ts';

interface Server {
  readonly url: string;
  readonly description: string;
}

/** Placeholder for the list of servers in the prepared text. */
const serversMark = '@servers';

/**
 * Loads the document as text, and its servers. Done on first use, so that the start need not wait.
 */
async function prepare(): Promise<{ readonly text: string; readonly servers: readonly Server[] }> {
  const { default: document } = await import('@andamio/schema/openapi.json', { with: { type: 'json' } });
  return { text: JSON.stringify({ ...document, servers: serversMark }), servers: document.servers };
}

/** Returns the published servers, the one that answers first. */
function serversFrom(origin: string, published: readonly Server[]): Server[] {
  const own = published.find(({ url }) => url === origin) ?? { url: origin, description: 'This host' };
  return [own, ...published.filter(({ url }) => url !== origin)];
}

/**
 * GET /api/v1/docs/doc.json: the document that `packages/schema` generates from the operations. The
 * requested host stands in its samples and first among its servers, so that copied samples call the
 * service that the reader has in front of them.
 */
export function getOpenApiDocumentHandler(originOf: OriginOf) {
  let prepared: ReturnType<typeof prepare> | undefined;
  return async ({ request }: Exchange): Promise<Answer> => {
    prepared ??= prepare();
    const { text, servers } = await prepared;
    const origin = originOf(request);
    const own = text
      .replaceAll(documentedOrigin, origin)
      .replace(JSON.stringify(serversMark), () => JSON.stringify(serversFrom(origin, servers)));
    return compressedAnswer(request, 'application/json; charset=utf-8', own);
  };
}
