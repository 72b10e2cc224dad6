import { createServer, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { CliError, exitCodes } from '../exit-code.ts';

/** A server on loopback to which the provider redirects the browser (RFC 8252 section 7.3). */
export interface RedirectServer {
  readonly redirectUri: string;
  /**
   * Resolves to the URL of the redirect.
   *
   * @throws {@link CliError} if no redirect arrives in time.
   */
  received(): Promise<URL>;
  close(): void;
}

const page = `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>andamio</title>
<p>Return to your terminal. You can close this page.</p>
</html>
`;

function respond(response: ServerResponse, status: number, body: string): void {
  response
    .writeHead(status, {
      'content-type': 'text/html; charset=utf-8',
      'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
      'cache-control': 'no-store',
      'referrer-policy': 'no-referrer',
      connection: 'close',
    })
    .end(body);
}

/**
 * Starts the server. It accepts only a redirect with the expected `state`, and answers all other
 * requests with an error. A page in the browser can therefore neither end nor change the sign-in.
 *
 * @param port the port, or 0 for any free port
 * @throws {@link CliError} if the port is in use.
 */
export async function startRedirectServer(
  port: number,
  state: string,
  timeoutMs: number,
): Promise<RedirectServer> {
  let accept: (url: URL) => void;
  const redirect = new Promise<URL>((resolve) => (accept = resolve));
  const server = createServer(({ method, url = '/', headers }, response) => {
    const { port: ownPort } = server.address() as AddressInfo;
    const base = `http://127.0.0.1:${ownPort}`;
    const target = URL.canParse(url, base) ? new URL(url, base) : undefined;
    const isRedirect =
      method === 'GET' &&
      headers.host === `127.0.0.1:${ownPort}` &&
      target?.pathname === '/' &&
      target.searchParams.get('state') === state;
    if (target === undefined || !isRedirect) {
      respond(response, 404, 'Not found.\n');
      return;
    }
    // Accepts the redirect only after the page has been sent, because the sign-in then closes the
    // server.
    response.once('close', () => accept(target));
    respond(response, 200, page);
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', ({ code }: NodeJS.ErrnoException) =>
      reject(new CliError(exitCodes.unavailable, `Port ${port} cannot be used (${code}).`)),
    );
    server.listen(port, '127.0.0.1', resolve);
  });
  const address = server.address() as AddressInfo;
  return {
    redirectUri: `http://127.0.0.1:${address.port}/`,
    async received() {
      let timer: NodeJS.Timeout | undefined;
      const timedOut = new Promise<never>((_, reject) => {
        const message = 'Nobody signed in within 5 minutes. Run the command again.';
        timer = setTimeout(() => reject(new CliError(exitCodes.refused, message)), timeoutMs);
      });
      return Promise.race([redirect, timedOut]).finally(() => clearTimeout(timer));
    },
    close() {
      server.close();
      // Browsers open connections in advance, which would keep this process running.
      server.closeAllConnections();
    },
  };
}
