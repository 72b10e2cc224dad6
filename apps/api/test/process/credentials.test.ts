import { mkdtempSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { makeKey } from '@andamio/schema/key-format';
import { logEvents } from '@andamio/schema/log-events';
import { listenOnLoopback } from '@andamio/testing/listen-on-loopback';
import { startProcess } from '@andamio/testing/service-process';
import { requestKey, verifyKey } from '@andamio/testing/service-requests';
import { tokenFor } from '@andamio/testing/tokens';
import { waitFor } from '@andamio/testing/wait-for';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startMetadataServer } from '../harness/metadata-server.ts';

const emptyHome = () => mkdtempSync(join(tmpdir(), 'home-'));

/** Writes a credentials file and returns its path. */
function credentialsFile(content: string): string {
  const path = join(emptyHome(), 'credentials.json');
  writeFileSync(path, content);
  return path;
}

/** Starts a token endpoint that responds like Google's to revoked credentials. */
async function startRevokingEndpoint(): Promise<string> {
  const server = createServer((_request, response) => {
    response.writeHead(400, { 'Content-Type': 'application/json' });
    response.end(
      JSON.stringify({ error: 'invalid_grant', error_description: 'Account has been deleted' }),
    );
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${port}/token`;
}

/**
 * Writes a credentials file for workload identity federation, with which the client library
 * requests a token from `tokenUrl`. Returns the path of the file.
 */
const federated = (
  tokenUrl: string,
  subjectToken = credentialsFile('a subject token that no log may show'),
) =>
  credentialsFile(
    JSON.stringify({
      type: 'external_account',
      audience:
        '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/x',
      subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
      token_url: tokenUrl,
      credential_source: { file: subjectToken },
    }),
  );

/** Returns environment variables with valid Google credentials. */
const goodCredentials = async () => ({
  GCE_METADATA_HOST: (await startMetadataServer()).host,
  METADATA_SERVER_DETECTION: 'assume-present',
});

const login = /gcloud auth application-default login/;

interface Case {
  readonly environment: () => Promise<Record<string, string>>;
  readonly says: RegExp;
}

const cases: Record<string, Case> = {
  'no credentials anywhere': {
    environment: async () => ({ METADATA_SERVER_DETECTION: 'none' }),
    says: login,
  },
  'a metadata server that hangs': {
    environment: async () => ({
      GCE_METADATA_HOST: (await startMetadataServer({ mode: 'hangs' })).host,
    }),
    says: /did not arrive within 1500 ms.*metadata server/,
  },
  'a metadata server that hangs although its presence is assumed': {
    environment: async () => ({
      GCE_METADATA_HOST: (await startMetadataServer({ mode: 'hangs' })).host,
      METADATA_SERVER_DETECTION: 'assume-present',
    }),
    says: /did not arrive within 1500 ms.*metadata server/,
  },
  'a metadata server that fails': {
    environment: async () => ({
      GCE_METADATA_HOST: (await startMetadataServer({ mode: 'fails' })).host,
      METADATA_SERVER_DETECTION: 'assume-present',
    }),
    says: /did not arrive within 1500 ms.*metadata server|answered 503.*metadata server/,
  },
  'a malformed credentials file': {
    environment: async () => ({
      GOOGLE_APPLICATION_CREDENTIALS: credentialsFile('{"private_key": "hunter2'),
    }),
    says: /not valid JSON.*gcloud auth application-default login/,
  },
  'a missing credentials file': {
    environment: async () => ({
      GOOGLE_APPLICATION_CREDENTIALS: join(emptyHome(), 'missing.json'),
    }),
    says: /GOOGLE_APPLICATION_CREDENTIALS.*missing\.json does not exist.*gcloud auth application-default login/,
  },
  'a missing subject token': {
    environment: async () => ({
      GOOGLE_APPLICATION_CREDENTIALS: federated('http://127.0.0.1:1/', '/missing/token'),
    }),
    says: /\/missing\/token.*gcloud auth application-default login/,
  },
  'a credentials file with an invalid private key': {
    environment: async () => ({
      GOOGLE_APPLICATION_CREDENTIALS: credentialsFile(
        JSON.stringify({
          type: 'service_account',
          client_email: 'a@b.example',
          private_key: 'hunter2',
        }),
      ),
    }),
    says: login,
  },
  'revoked credentials': {
    environment: async () => ({
      GOOGLE_APPLICATION_CREDENTIALS: federated(await startRevokingEndpoint()),
    }),
    says: login,
  },
  'a required client certificate that is missing': {
    environment: async () => ({
      ...(await goodCredentials()),
      GOOGLE_API_USE_CLIENT_CERTIFICATE: 'true',
    }),
    says: /could not be set up.*context_aware_metadata\.json.*GOOGLE_API_USE_CLIENT_CERTIFICATE/,
  },
  'missing root certificates': {
    environment: async () => ({
      ...(await goodCredentials()),
      GRPC_DEFAULT_SSL_ROOTS_FILE_PATH: '/missing/roots.pem',
    }),
    says: /could not be set up.*\/missing\/roots\.pem.*GRPC_DEFAULT_SSL_ROOTS_FILE_PATH/,
  },
  'unknown ciphers, although REST is preferred': {
    environment: async () => ({
      ...(await goodCredentials()),
      GRPC_SSL_CIPHER_SUITES: 'none',
      FIRESTORE_PREFER_REST: 'true',
    }),
    says: /could not be set up.*GRPC_SSL_CIPHER_SUITES/,
  },
};

describe.each(Object.entries(cases))('on Firestore with %s', (_what, { environment, says }) => {
  test('the service starts, is not ready, responds with errors in time and logs the cause', async () => {
    const service = await startProcess({
      KEY_STORE: 'firestore',
      GOOGLE_CLOUD_PROJECT: 'demo-credentials',
      HOME: emptyHome(),
      ...(await environment()),
    });
    onTestFinished(() => service.signal('SIGKILL'));

    const startedAt = performance.now();
    const [live, ready, issued, verified] = await Promise.all([
      fetch(`${service.url}/health/live`),
      fetch(`${service.url}/health/ready`),
      requestKey(service.url, { api_key_name: 'name' }, { token: tokenFor('owner') }),
      verifyKey(service.url, makeKey()),
    ]);
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect([live.status, ready.status, issued.status, verified.status]).toEqual([
      200, 503, 500, 503,
    ]);

    const lines = () =>
      service
        .output()
        .split('\n')
        .filter((text) => text.includes(logEvents.keyStoreUnavailable.event));
    await waitFor('the line that names the cause', () => lines().some((line) => says.test(line)));
    expect(service.output()).not.toMatch(/hunter2|a subject token/);

    expect((await service.stop()).code).toBe(0);
  });
});

test('uses HTTPS_PROXY to obtain Google credentials', async () => {
  const connects: string[] = [];
  const proxy = createServer().on('connect', ({ url }, socket) => {
    connects.push(url ?? '');
    socket.end('HTTP/1.1 502 Bad Gateway\r\n\r\n');
  });
  const port = await listenOnLoopback(proxy);
  onTestFinished(() => void proxy.close());
  const service = await startProcess({
    KEY_STORE: 'firestore',
    GOOGLE_CLOUD_PROJECT: 'demo-credentials',
    GOOGLE_APPLICATION_CREDENTIALS: federated('https://sts.example/token'),
    HTTPS_PROXY: `http://127.0.0.1:${port}`,
  });
  onTestFinished(() => service.signal('SIGKILL'));
  await waitFor('a request for a token by the proxy', () => connects.includes('sts.example:443'));
});
