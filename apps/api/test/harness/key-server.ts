import { createServer } from 'node:http';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';

/** An HTTP server that publishes keys as JSON. A test controls its responses. */
export interface KeyServer {
  readonly url: string;
  /** Returns the number of requests so far. */
  fetches(): number;
  /** The value that the server sends as JSON. */
  answer: unknown;
  /**
   * The server's behavior: `fails` responds with 500, `redirects` responds with 302, and `hangs`
   * does not respond.
   */
  mode: 'ok' | 'fails' | 'redirects' | 'hangs';
  close(): Promise<void>;
}

const statuses = { ok: 200, fails: 500, redirects: 302 } as const;

export async function startKeyServer(): Promise<KeyServer> {
  let fetches = 0;
  const server = createServer(({ url }, response) => {
    fetches++;
    if (endpoint.mode === 'hangs') return;
    const isElsewhere = url === '/elsewhere';
    response.statusCode = isElsewhere ? 200 : statuses[endpoint.mode];
    if (endpoint.mode === 'redirects' && !isElsewhere) response.setHeader('location', '/elsewhere');
    response.setHeader('content-type', 'application/json').end(JSON.stringify(endpoint.answer));
  });
  const port = await listenOnLoopback(server);
  const endpoint: KeyServer = {
    url: `http://127.0.0.1:${port}/keys`,
    fetches: () => fetches,
    answer: {},
    mode: 'ok',
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return endpoint;
}
