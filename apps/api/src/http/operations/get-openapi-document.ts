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
 * Loads the OpenAPI document. Resolves to its servers and its text, in which a placeholder replaces
 * the servers. Called on first use, so that it does not delay startup.
 */
async function prepare(): Promise<{ readonly text: string; readonly servers: readonly Server[] }> {
  const { default: document } = await import('@andamio/schema/openapi.json', {
    with: { type: 'json' },
  });
  return { text: JSON.stringify({ ...document, servers: serversMark }), servers: document.servers };
}

/** Returns the published servers. The server that the client has called comes first. */
function serversFrom(origin: string, published: readonly Server[]): Server[] {
  const own = published.find(({ url }) => url === origin) ?? {
    url: origin,
    description: 'This host',
  };
  return [own, ...published.filter(({ url }) => url !== origin)];
}

/**
 * Creates the handler of GET /api/v1/docs/doc.json, which returns the OpenAPI document from
 * `packages/schema`. The samples and the first of the listed servers contain the host of the
 * request, so that copied samples call the same service.
 *
 * @param load loads the document. If loading fails, the next request tries again.
 */
export function getOpenApiDocumentHandler(originOf: OriginOf, load = prepare) {
  let prepared: ReturnType<typeof prepare> | undefined;
  return async ({ request }: Exchange): Promise<Answer> => {
    prepared ??= load().catch((error: unknown) => {
      prepared = undefined;
      throw error;
    });
    const { text, servers } = await prepared;
    const origin = originOf(request) ?? documentedOrigin;
    const own = text
      .replaceAll(documentedOrigin, origin)
      .replace(JSON.stringify(serversMark), () => JSON.stringify(serversFrom(origin, servers)));
    return compressedAnswer(request, 'application/json; charset=utf-8', own);
  };
}
