import { type IncomingHttpHeaders, request } from 'node:http';
import { createServer } from 'node:https';
import { endWithFile } from '@andamio/testing/end-with-file';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';

/** A proxy that terminates TLS, like Google's front end. */
export interface TlsFront {
  readonly port: number;
  /** The received requests, oldest first. */
  readonly received: {
    readonly method: string;
    readonly path: string;
    readonly headers: IncomingHttpHeaders;
    readonly body: string;
  }[];
  /** Returns the number of connections opened so far. */
  connections(): number;
}

/**
 * Starts a proxy that terminates TLS and forwards requests to a URL. The proxy stops after the test
 * file.
 */
export async function startTlsFront(
  targetUrl: () => string,
  certificate: { readonly key: Buffer; readonly cert: Buffer },
): Promise<TlsFront> {
  let connections = 0;
  const received: TlsFront['received'] = [];
  const server = createServer(certificate, async (incoming, response) => {
    const { method = '', url: path = '', headers } = incoming;
    let body = '';
    for await (const chunk of incoming) body += chunk;
    received.push({ method, path, headers, body });
    const outgoing = request(targetUrl() + path, { method, headers });
    outgoing.on('error', () => response.destroy());
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode as number, answer.headers);
      answer.pipe(response);
    });
    outgoing.end(body);
  });
  server.on('secureConnection', () => connections++);
  const port = await listenOnLoopback(server);
  endWithFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return { port, received, connections: () => connections };
}
