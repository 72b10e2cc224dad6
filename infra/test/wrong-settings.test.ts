import { expect, test } from 'vitest';
import { image, remaining, secretValues } from './harness/settings.ts';
import { cloud, configure, deployed, describeByDriver, refusal, stackOf } from './harness/stack.ts';

describeByDriver('a wrong setting stops at preview, and the message says what to do', () => {
  test.each<[string, Record<string, string>, string]>([
    ['minInstances', { minInstances: '11' }, 'andamio:minInstances must not be more than maxInstances'],
    ['maxInstances', { maxInstances: '1000' }, 'andamio:maxInstances must be an integer from 1 to 100'],
    [
      'image',
      { image: 'us-docker.pkg.dev/p/r/api:latest' },
      'andamio:image must end in @sha256: and 64 hexadecimal digits',
    ],
    ['an unknown key', { maxInstance: '3' }, 'andamio:maxInstance is not a setting of this program'],
    [
      'jwksUrl and jwtSecrets',
      { jwtSecrets: secretValues.jwtSecret },
      'andamio:jwksUrl must not be set beside jwtSecrets',
    ],
    ['githubOwnerId', { githubOwnerId: 'example-owner' }, 'andamio:githubOwnerId must be the numeric id'],
    [
      'the project',
      { 'gcp:project': 'My Project' },
      'gcp:project must be the id of a Google Cloud project (6 to 30 of a-z, 0-9 and -), not its name',
    ],
    [
      'the number of the project for its id',
      { 'gcp:project': '308006323670' },
      "the id is printed by: gcloud projects describe 308006323670 --format='value(projectId)'",
    ],
    ['the region', { 'gcp:region': 'us' }, 'gcp:region must be a region such as us-central1'],
    ['memory', { cpu: '4', memoryMiB: '512' }, 'andamio:memoryMiB must be at least 2048 with 4 cpus'],
    ['a service setting', { corsOrigins: 'https://*.example' }, 'CORS_ORIGINS must be exact origins'],
    ['another one', { logLevel: 'loud' }, 'LOG_LEVEL must be one of'],
    ['a short pepper', { keyPeppers: 'a:c2hvcnQ=' }, 'KEY_PEPPERS must be VERSION:BASE64 pairs'],
    ['an http: JWKS', { jwksUrl: 'http://issuer.example/keys' }, 'JWT_JWKS_URL must begin with https: in production'],
    [
      'an http: address of the keys of GitHub',
      { githubSecretScanningKeysUrl: 'http://github.example/keys' },
      'GITHUB_SECRET_SCANNING_KEYS_URL must begin with https: in production',
    ],
    ['a version that is not there', { keyPeppersVersion: '7' }, 'gcloud secrets versions add andamio-api-key-peppers'],
    [
      'another project',
      { 'gcp:project': 'my-project' },
      'the project my-project, whose number is 123456789012, but andamio:projectNumber is 308006323670',
    ],
    [
      'another project whose number is named',
      { 'gcp:project': 'my-project', projectNumber: '123456789012' },
      'https://andamio-api-123456789012.us-central1.run.app',
    ],
    ['another region', { 'gcp:region': 'europe-west1' }, 'https://andamio-api-308006323670.europe-west1.run.app'],
    [
      'a project that is not there',
      { 'gcp:project': 'nobody-has-it' },
      'gcp:project names the project nobody-has-it, which cannot be read',
    ],
  ])('%s', async (_, config, message) => {
    const google = await cloud();
    const said = await refusal((await stackOf(google, 'prod', config)).preview());
    expect(said).toContain(message);
    for (const value of Object.values(secretValues)) expect(said).not.toContain(value);
    expect(await google.calls()).toEqual([]);
  });

  test('every mistake is said at once', async () => {
    const stack = await stackOf(await cloud(), 'prod', { cpu: '3', concurrency: '0', image: 'x', protect: 'yes' });
    const said = await refusal(stack.preview());
    for (const key of ['cpu', 'concurrency', 'image', 'protect']) expect(said).toContain(`andamio:${key} must`);
  });

  test('a host that is not the documented one is named beside it', async () => {
    const said = await refusal((await stackOf(await cloud(), 'prod', { service: 'andamio-keys' })).preview());
    expect(said).toContain('https://andamio-keys-308006323670.us-central1.run.app');
    expect(said).toContain('https://andamio-api-308006323670.us-central1.run.app');
  });

  test.each(['keyPeppers', 'jwtIssuer', 'jwksUrl'])('without %s the message names the key', async (key) => {
    const stack = await stackOf(await cloud(), 'prod');
    await stack.removeConfig(`andamio:${key}`);
    expect(await refusal(stack.preview())).toContain(`andamio:${key === 'jwksUrl' ? 'jwtSecrets' : key} must be set`);
  });

  test('a version that was disabled is refused', async () => {
    const google = await cloud();
    const stack = await deployed(google, 'prod');
    await google.disableSecretVersion('projects/documented-project/secrets/andamio-api-key-peppers/versions/1');
    await configure(stack, { keyPeppersVersion: '1' });
    expect(await refusal(stack.preview())).toContain('which is not enabled');
  });

  test('settings that are right pass', async () => {
    const google = await cloud();
    await (await stackOf(google, 'shared')).up();
    const { changeSummary } = await (await stackOf(google, 'prod', { image: image('2') })).preview();
    expect(changeSummary.create).toBeGreaterThan(30);
    expect(remaining.prod.keyPeppers).toContain(secretValues.pepper);
  });
});
