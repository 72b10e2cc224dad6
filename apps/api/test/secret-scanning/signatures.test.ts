import { sign } from 'node:crypto';
import { makeKey } from '@andamio/schema/key-format';
import { getUser, requestKey } from '@andamio/testing/service-requests';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startApp, type TestApp } from '../harness/app.ts';
import { expectError } from '../harness/expect-error.ts';
import {
  alertOf,
  alertsPath,
  type Github,
  type GithubKey,
  githubKey,
  sendAlerts,
  sendBytes,
  signatureHeadersOf,
  startGithub,
} from '../harness/github.ts';
import { ecPair, rsaPair } from '../harness/jwks-server.ts';
import { sendRaw } from '../harness/raw-socket.ts';

const signer = githubKey();
const second = githubKey();
const odd: Record<string, GithubKey> = {
  'P-384': githubKey(ecPair('P-384')),
  secp256k1: githubKey(ecPair('secp256k1')),
  RSA: githubKey(rsaPair()),
};

function flipLastBit(bytes: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, -1), Buffer.of((bytes.at(-1) as number) ^ 1)]);
}

const identifierHeader = 'Github-Public-Key-Identifier';
const signatureHeader = 'Github-Public-Key-Signature';

describe('signatures of alerts', () => {
  let github: Github;
  let app: TestApp;
  let leaked: string;
  beforeAll(async () => {
    github = await startGithub(signer, second, ...Object.values(odd));
    // With a stopped clock, the service never fetches the keys again because of their age.
    app = await startApp({ githubKeysUrl: github.url, monotonicNow: () => 0 });
    leaked = (await requestKey(app.url, { api_key_name: 'leaked' })).body['api_key'] as string;
  });
  afterAll(async () => {
    await app.close();
    await github.close();
  });

  const messageOf = () => JSON.stringify([alertOf(leaked)]);
  const bytesOf = () => Buffer.from(messageOf());
  const by = (signature: Buffer | string, identifier = signer.identifier) => ({
    [identifierHeader]: identifier,
    [signatureHeader]: typeof signature === 'string' ? signature : signature.toString('base64'),
  });
  const right = () => sign('sha256', bytesOf(), signer.privateKey);

  const refused: [string, () => Record<string, string>][] = [
    ['no headers', () => ({})],
    ['no identifier', () => ({ [signatureHeader]: right().toString('base64') })],
    ['no signature', () => ({ [identifierHeader]: signer.identifier })],
    ['an empty identifier', () => by(right(), '')],
    ['an empty signature', () => by('')],
    ['an unpublished identifier', () => by(right(), githubKey().identifier)],
    ['the identifier __proto__', () => by(right(), '__proto__')],
    ['the identifier of another key', () => by(right(), second.identifier)],
    [
      "another key's signature and a known identifier",
      () => signatureHeadersOf(messageOf(), { ...githubKey(), identifier: signer.identifier }),
    ],
    ['the signature of another message', () => signatureHeadersOf('[]', signer)],
    [
      'the signature of the same JSON with other white space',
      () => signatureHeadersOf(JSON.stringify(JSON.parse(messageOf()), null, 2), signer),
    ],
    [
      'the signature of the message with a trailing line break',
      () => signatureHeadersOf(`${messageOf()}\n`, signer),
    ],
    ['a signature with one bit flipped', () => by(flipLastBit(right()))],
    ['a truncated signature', () => by(right().subarray(0, 20))],
    ['a signature with a trailing byte', () => by(Buffer.concat([right(), Buffer.of(0)]))],
    ['a signature in hex', () => by(right().toString('hex'))],
    ['a signature that is not base64', () => by('!!!')],
    [
      'a signature in IEEE P1363 format instead of DER',
      () => by(sign('sha256', bytesOf(), { key: signer.privateKey, dsaEncoding: 'ieee-p1363' })),
    ],
    ['a signature of zeros', () => by(Buffer.from('3006020100020100', 'hex'))],
    ['a signature with SHA-1', () => by(sign('sha1', bytesOf(), signer.privateKey))],
    ['a signature with SHA-512', () => by(sign('sha512', bytesOf(), signer.privateKey))],
    ...Object.entries(odd).map(([name, key]): [string, () => Record<string, string>] => [
      `the signature of a published ${name} key`,
      () => signatureHeadersOf(messageOf(), key),
    ]),
  ];

  test.each(refused)(
    'responds with 401 and revokes nothing for an alert with %s',
    async (_what, headers) => {
      expectError(await sendBytes(app.url, messageOf(), headers()), 401, 'invalid_signature');
      const { body } = await getUser(app.url);
      expect(body['active_keys']).toHaveLength(1);
    },
  );

  test('responds the same to every invalid signature', async () => {
    const answers = await Promise.all(
      refused.map(([, headers]) => sendBytes(app.url, messageOf(), headers())),
    );
    const visible = answers.map(({ status, headers, body }) => {
      const differing = [
        'date',
        'x-request-id',
        'ratelimit',
        'x-ratelimit-remaining',
        'x-ratelimit-reset',
      ];
      return JSON.stringify([
        status,
        body,
        [...headers].filter(([name]) => !differing.includes(name)),
      ]);
    });
    expect(new Set(visible).size).toBe(1);
    expect(answers[0]?.headers.get('www-authenticate')).toBe(
      'GitHub-Public-Key realm="andamio-api"',
    );
  });

  test.each([
    ['a second identifier', `${identifierHeader}: ${second.identifier}`],
    ['the identifier twice', `${identifierHeader}: ${signer.identifier}`],
    ['a second signature', `${signatureHeader}: AAAA`],
  ])('responds with 401 to an alert with %s in addition', async (_what, another) => {
    const body = messageOf();
    const headers = Object.entries(signatureHeadersOf(body, signer)).map(
      ([name, value]) => `${name}: ${value}`,
    );
    const { text } = await sendRaw(
      app.port,
      [
        `POST ${alertsPath} HTTP/1.1`,
        'Host: x',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
        'Connection: close',
        ...headers,
        another,
        '',
        body,
      ].join('\r\n'),
    );
    expect(text).toMatch(/^HTTP\/1\.1 401 /);
    expect(text).toMatch(/\r\nX-Error-Code: invalid_signature\r\n/);
  });

  test('accepts an alert signed by any published key, current or not', async () => {
    const [one, other] = [
      await sendAlerts(app.url, [alertOf(makeKey())], signer),
      await sendAlerts(app.url, [], second),
    ];
    expect([one.status, other.status]).toEqual([200, 200]);
  });
});

test("accepts the signed example of GitHub's documentation", async () => {
  const github = await startGithub();
  const app = await startApp({ githubKeysUrl: github.url });
  const identifier = 'bcb53661c06b4728e59d897fb6165d5c9cda0fd9cdf9d09ead458168deb7518c';
  const base64 = [
    'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEYAGMWO8XgCamYKMJS6jc/qgvSlAd',
    'AjPuDPRcXU22YxgBrz+zoN19MzuRyW87qEt9/AmtoNP5GrobzUvQSyJFVw==',
  ];
  const key = ['-----BEGIN PUBLIC KEY-----', ...base64, '-----END PUBLIC KEY-----', ''].join('\n');
  github.answer = { public_keys: [{ key_identifier: identifier, key, is_current: true }] };
  const message =
    '[{"source":"commit","token":"some_token","type":"some_type","url":"https://example.com/base-repo-url/"}]';
  const signature =
    'MEQCIQDaMKqrGnE27S0kgMrEK0eYBmyG0LeZismAEz/BgZyt7AIfXt9fErtRS4XaeSt/AO1RtBY66YcAdjxji410VQV4xg==';
  try {
    const { status, body } = await sendBytes(app.url, message, {
      [identifierHeader]: identifier,
      [signatureHeader]: signature,
    });
    expect(status).toBe(200);
    expect(body).toMatchObject([{ token_type: 'some_type', label: 'false_positive' }]);
  } finally {
    await app.close();
    await github.close();
  }
});
