import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { onTestFinished } from 'vitest';

/** The server's behavior when it receives a request. */
export type MetadataMode = 'answers' | 'hangs' | 'fails';

/**
 * A fake of Google's metadata server
 * (https://cloud.google.com/compute/docs/access/authenticate-workloads#applications). A test sets
 * the token that it returns.
 */
export interface MetadataServer {
  /** Value for the environment variable GCE_METADATA_HOST. */
  readonly host: string;
  mode: MetadataMode;
  token: string;
  /** Lifetime of each token in seconds, from the time of the request. */
  expiresIn: number;
  /** Returns the number of token requests so far. */
  tokenRequests(): number;
}

export async function startMetadataServer(
  options: Partial<Pick<MetadataServer, 'mode' | 'token' | 'expiresIn'>> = {},
): Promise<MetadataServer> {
  let tokenRequests = 0;
  const answer = (request: IncomingMessage, response: ServerResponse) => {
    const isToken = /\/service-accounts\/[^/]+\/token(\?|$)/.test(request.url ?? '');
    if (isToken) tokenRequests++;
    if (state.mode === 'hangs') return;
    response.setHeader('Metadata-Flavor', 'Google');
    if (state.mode === 'fails') {
      response.writeHead(503).end('unavailable');
    } else if (isToken) {
      response.setHeader('Content-Type', 'application/json');
      response.end(
        JSON.stringify({
          access_token: state.token,
          expires_in: state.expiresIn,
          token_type: 'Bearer',
        }),
      );
    } else if (request.url?.endsWith('universe-domain')) {
      response.writeHead(404).end();
    } else {
      response.setHeader('Content-Type', 'application/text');
      response.end('computeMetadata/');
    }
  };
  const server = createServer(answer);
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  const state: MetadataServer = {
    host: `127.0.0.1:${port}`,
    mode: 'answers',
    token: 'token-1',
    expiresIn: 3_600,
    tokenRequests: () => tokenRequests,
    ...options,
  };
  return state;
}
