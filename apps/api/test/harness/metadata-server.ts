import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { onTestFinished } from 'vitest';

/** How the server treats a request for a token. */
export type MetadataMode = 'answers' | 'hangs' | 'fails';

/**
 * A metadata server in the form of Google's (https://cloud.google.com/compute/docs/access/authenticate-workloads#applications),
 * with tokens of the test's own.
 */
export interface MetadataServer {
  /** As GCE_METADATA_HOST takes it. */
  readonly host: string;
  mode: MetadataMode;
  token: string;
  /** Seconds that a token is good for from when it is asked for. */
  expiresIn: number;
  /** Number of requests for a token so far. */
  tokensAsked(): number;
}

export async function startMetadataServer(
  options: Partial<Pick<MetadataServer, 'mode' | 'token' | 'expiresIn'>> = {},
): Promise<MetadataServer> {
  let asked = 0;
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const isToken = /\/service-accounts\/[^/]+\/token(\?|$)/.test(request.url ?? '');
    if (isToken) asked++;
    if (state.mode === 'hangs') return;
    response.setHeader('Metadata-Flavor', 'Google');
    if (state.mode === 'fails') {
      response.writeHead(503).end('unavailable');
    } else if (isToken) {
      response.setHeader('Content-Type', 'application/json');
      response.end(JSON.stringify({ access_token: state.token, expires_in: state.expiresIn, token_type: 'Bearer' }));
    } else if (request.url?.endsWith('universe-domain')) {
      response.writeHead(404).end();
    } else {
      response.setHeader('Content-Type', 'application/text');
      response.end('computeMetadata/');
    }
  };
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const state: MetadataServer = {
    host: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    mode: 'answers',
    token: 'token-1',
    expiresIn: 3_600,
    tokensAsked: () => asked,
    ...options,
  };
  return state;
}
