import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { endWithFile } from '@andamio/testing/end-with-file';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { waitFor } from '@andamio/testing/wait-for';

/** The host in the shipped configurations. */
export const publishedHost = 'andamio-api-308006323670.us-central1.run.app';

/** Creates a self-signed certificate for the published host. */
export function makeCertificate(): {
  readonly file: string;
  readonly key: Buffer;
  readonly cert: Buffer;
} {
  const folder = temporaryFolder('certificate-');
  const file = join(folder, 'cert.pem');
  const keyFile = join(folder, 'key.pem');
  const made = spawnSync('openssl', [
    ...[
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-days',
      '2',
    ],
    ...[
      '-subj',
      '/CN=test',
      '-addext',
      `subjectAltName=DNS:${publishedHost}`,
      '-keyout',
      keyFile,
      '-out',
      file,
    ],
  ]);
  if (made.status !== 0) throw new Error(`openssl: ${made.stderr}`);
  return { file, key: readFileSync(keyFile), cert: readFileSync(file) };
}

/** Creates a folder that is deleted after the test file. */
export function temporaryFolder(prefix: string): string {
  const folder = mkdtempSync(join(tmpdir(), prefix));
  endWithFile(() => rmSync(folder, { recursive: true }));
  return folder;
}

/**
 * Starts an application that echoes each request, with the status that the request's path names. It
 * stops after the test file.
 *
 * @returns its port on 127.0.0.1.
 */
export async function startEchoApp(): Promise<number> {
  const server = createServer(async (request, response) => {
    let body = '';
    for await (const chunk of request) body += chunk;
    const status = Number(/\/status\/(\d+)/.exec(request.url ?? '')?.[1] ?? 200);
    const keys = request.headersDistinct['x-api-key'];
    const identity = Object.entries(request.headersDistinct).filter(([name]) =>
      /^x[-_]api[-_]key[-_]/.test(name),
    );
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(
      JSON.stringify({
        app: request.method,
        path: request.url,
        body,
        keys,
        identity: Object.fromEntries(identity),
        headers: Object.keys(request.headersDistinct),
      }),
    );
  });
  const port = await listenOnLoopback(server);
  endWithFile(() => {
    server.closeAllConnections();
    server.close();
  });
  return port;
}

/** A proxy program that listens on loopback. */
export interface ProxyProgram {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The URL that responds once the proxy has started. */
  readonly readyUrl: string;
}

/** Starts a proxy and waits until it responds. It stops after the test file. */
export async function startProxy({
  name,
  command,
  args,
  env,
  readyUrl,
}: ProxyProgram): Promise<void> {
  const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'], ...(env && { env }) });
  let output = '';
  child.stderr.setEncoding('utf8').on('data', (text) => {
    output += text;
  });
  const exited = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  endWithFile(async () => {
    child.kill('SIGTERM');
    await exited;
  });
  await waitFor(`${name} to answer`, () => {
    if (child.exitCode !== null) throw new Error(`${name} ended:\n${output}`);
    return fetch(readyUrl).then(
      () => true,
      () => false,
    );
  });
}
