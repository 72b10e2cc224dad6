import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import { endWithFile } from '@andamio/testing/end-with-file';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';

const bundle = readFileSync(
  createRequire(import.meta.url).resolve('@andamio/console/dist/andamio-keys.js'),
);

const script = `
  import '/andamio-keys.js';
  const element = document.querySelector('andamio-keys');
  globalThis.events = [];
  for (const name of ['key-created', 'key-replaced', 'key-extended', 'key-deleted', 'auth-required', 'error'])
    document.addEventListener('andamio-' + name, ({ type, detail }) => globalThis.events.push({ type, detail }));
  element.getToken = async ({ refresh }) => {
    const response = await fetch('/token?user=' + new URLSearchParams(location.search).get('user') + '&refresh=' + refresh);
    return (await response.text()) || null;
  };
`;

/** A page that contains the element `<andamio-keys>` and has another origin than the service. */
export interface HostPage {
  readonly origin: string;
  /** Sets the service that the element uses. */
  use(serviceUrl: string): void;
  /** Sets how the page gets the token of a user. */
  onToken(token: (user: string, refresh: boolean) => string): void;
  /** The violations of the policy that browsers have reported. */
  readonly reports: readonly string[];
}

/**
 * Starts a page with a policy that allows no inline style, no inline script, and no policy of
 * Trusted Types. The server stops after the test file.
 */
export async function startHostPage(): Promise<HostPage> {
  let serviceUrl = '';
  let tokenOf: (user: string, refresh: boolean) => string = () => '';
  const reports: string[] = [];
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://host.example');
    const policy = [
      "default-src 'none'",
      "script-src 'self'",
      "style-src 'self'",
      `connect-src 'self' ${serviceUrl}`,
      "base-uri 'none'",
      "form-action 'none'",
      "require-trusted-types-for 'script'",
      "trusted-types 'none'",
      'report-uri /report',
    ].join('; ');
    const send = (type: string, body: string | Buffer) =>
      response
        .writeHead(200, { 'content-type': type, 'content-security-policy': policy })
        .end(body);
    switch (pathname) {
      case '/':
        send(
          'text/html; charset=utf-8',
          `<!doctype html><html lang="en"><meta name="viewport" content="width=device-width">
           <title>Account</title><link rel="stylesheet" href="/style.css">
           <main><h1>Account</h1><andamio-keys base-url="${serviceUrl}"></andamio-keys></main>
           <script type="module" src="/host.js"></script></html>`,
        );
        break;
      case '/style.css':
        send(
          'text/css',
          ':root { color-scheme: light dark; font-family: system-ui; background: light-dark(#fff, #12161d); color: light-dark(#1c2330, #e6e9ef) } .yellow { --andamio-accent: #ffd400 } .navy { --andamio-accent: #00205b }',
        );
        break;
      case '/host.js':
        send('text/javascript', script);
        break;
      case '/andamio-keys.js':
        send('text/javascript', bundle);
        break;
      case '/token':
        send(
          'text/plain',
          tokenOf(searchParams.get('user') ?? '', searchParams.get('refresh') === 'true'),
        );
        break;
      case '/report':
        request.setEncoding('utf8').on('data', (text: string) => reports.push(text));
        request.on('end', () => response.writeHead(204).end());
        break;
      default:
        response.writeHead(404).end();
    }
  });
  const port = await listenOnLoopback(server);
  endWithFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    use: (url) => {
      serviceUrl = url;
    },
    onToken: (token) => {
      tokenOf = token;
    },
    reports,
  };
}
