import { secretSettings, settingNames } from '@andamio/schema/settings';
import { describe, expect, test } from 'vitest';
import { passedVariables, serviceSecrets, variables } from '../settings/service-variables.ts';
import { defaults, parseSettings, type Settings } from '../settings/stack-settings.ts';
import { serviceEnvironment } from '../src/service/environment.ts';
import { remaining } from './harness/settings.ts';

const { 'gcp:project': project, ...own } = remaining.prod;
const prod = {
  ...own,
  jwtAudience: 'andamio-api',
  githubEnvironment: 'production',
  maxInstances: '10',
};
const place = { project, region: 'us-central1' };

function problemsOf(
  config: Readonly<Record<string, string | undefined>>,
  where: Partial<typeof place> = {},
) {
  const set = Object.entries({ ...prod, ...config }).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  const parsed = parseSettings(Object.fromEntries(set), { ...place, ...where });
  return parsed.ok ? [] : parsed.problems;
}

const textsOf = (problems: ReturnType<typeof problemsOf>) =>
  problems.map(({ key, rule }) => `${key} ${rule}`);

function settingsOf(config: Readonly<Record<string, string>>): Settings {
  const parsed = parseSettings({ ...prod, ...config }, place);
  if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
  return parsed.settings;
}

describe('an invalid setting is reported under its key', () => {
  test.each<[Record<string, string | undefined>, string]>([
    [{ minInstances: '11' }, 'minInstances must not be greater than maxInstances'],
    [{ maxInstances: '1001' }, 'maxInstances must be an integer from 1 to 1000'],
    [
      { image: 'us-docker.pkg.dev/p/r/api:latest' },
      'image must end with @sha256: and 64 hexadecimal digits',
    ],
    [
      { restoredDatabase: 'andamio-api' },
      "restoredDatabase must not be set to the stack's own database",
    ],
    [{ maxInstance: '3' }, 'maxInstance is not a setting of this program'],
    [{ keyPeppers: 'a:value' }, 'keyPeppers is not a setting of this program'],
    [{ githubOwnerId: 'example-owner' }, 'githubOwnerId must be the numeric id'],
    [{ cpu: '4', memoryMiB: '512' }, 'memoryMiB must be 2048 to 8192 if cpu is 4'],
    [{ cpu: '4' }, 'memoryMiB must be 2048 to 8192 if cpu is 4'],
    [{ memoryMiB: '4097' }, 'memoryMiB must be 512 to 4096 if cpu is 1'],
    [{ service: 'abc' }, 'service must be 4 to 23 characters'],
    [{ keyPeppersVersion: 'latest' }, 'keyPeppersVersion must be an integer from 1 to 1000000'],
    [
      { jwtSecretsVersion: '1' },
      'jwksUrl must not be set together with jwtSecretsVersion: exactly one of the two verifies tokens',
    ],
    [
      { jwksUrl: undefined, jwtOidcIssuer: 'http://issuer.example', jwtIssuer: undefined },
      'jwtOidcIssuer must begin with https: in production',
    ],
    [
      { jwtIssuer: 'https://accounts.google.com' },
      'jwtRequiredClaims must be set with a NAME=VALUE condition in production',
    ],
    [{ jwtTiers: 'Pro=gold' }, 'jwtTiers must be NAME=TIER pairs'],
    [{ corsOrigins: 'https://*.example' }, 'corsOrigins must be exact origins'],
    [{ logLevel: 'loud' }, 'logLevel must be one of'],
    [{ jwksUrl: 'http://issuer.example/keys' }, 'jwksUrl must begin with https: in production'],
    [
      { githubSecretScanningKeysUrl: 'http://github.example/keys' },
      'githubSecretScanningKeysUrl must begin with https: in production',
    ],
  ])('%j', (config, message) => {
    const problems = textsOf(problemsOf(config));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  test.each<[Partial<typeof place>, string]>([
    [{ project: 'My Project' }, 'gcp:project must be the id of a Google Cloud project'],
    [
      { project: '308006323670' },
      "run: gcloud projects describe 308006323670 --format='value(projectId)'",
    ],
    [{ region: 'us' }, 'gcp:region must be a region such as us-central1'],
  ])('%j', (where, message) => {
    const problems = textsOf(problemsOf({}, where));
    expect(problems).toHaveLength(1);
    expect(problems[0]).toContain(message);
  });

  test.each<[string, string, string]>([
    ['keyPeppersVersion', 'keyPeppersVersion must be set', 'npx -y pnpm@12 secrets:generate STACK'],
    [
      'jwksUrl',
      'jwtSecretsVersion must be set in production, or jwksUrl or jwtOidcIssuer instead',
      'npx -y pnpm@12 secrets:generate STACK',
    ],
    [
      'jwtIssuer',
      'jwtIssuer must be set',
      'npx -y pnpm@12 pulumi config set andamio:jwtIssuer VALUE --stack STACK',
    ],
  ])('a missing %s', (key, message, command) => {
    const problems = problemsOf({ [key]: undefined });
    expect(textsOf(problems)[0]).toContain(message);
    expect(problems.map((problem) => problem.command)).toEqual([command]);
  });
});

test('the issuer of the template beside jwtOidcIssuer is reported with the command that removes it', () => {
  const problems = problemsOf({
    jwtOidcIssuer: 'https://securetoken.google.com/my-project',
    jwtIssuer: 'andamio-dev',
    jwksUrl: undefined,
  });
  expect(textsOf(problems)).toEqual(['jwtIssuer must equal jwtOidcIssuer or be unset']);
  expect(problems.map((problem) => problem.command)).toEqual([
    'npx -y pnpm@12 pulumi config rm andamio:jwtIssuer --stack STACK',
  ]);
});

test("the keys of an issuer beside the template's secret are reported with the command that removes either", () => {
  const withIssuer = (config: Readonly<Record<string, string | undefined>>) =>
    problemsOf({ jwksUrl: undefined, jwtSecretsVersion: '1', ...config }).map(
      ({ key, command }) => [key, command],
    );
  const remove = 'npx -y pnpm@12 pulumi config rm andamio:jwtSecretsVersion --stack STACK';
  expect(withIssuer({ jwksUrl: 'https://issuer.example/keys' })).toEqual([
    ['jwksUrl', `${remove}  # or andamio:jwksUrl`],
  ]);
  expect(withIssuer({ jwtOidcIssuer: 'https://issuer.example', jwtIssuer: undefined })).toEqual([
    ['jwtOidcIssuer', `${remove}  # or andamio:jwtOidcIssuer`],
  ]);
});

test('a setting that is left out has its default in every rule', () => {
  const { 'gcp:project': own, ...needed } = remaining.dev;
  const explicit = Object.fromEntries(
    Object.entries(defaults).map(([key, value]) => [key, String(value)]),
  );
  const where = { project: own, region: 'us-central1' };
  const parsed = parseSettings(needed, where);
  expect(parsed).toMatchObject({ ok: true, settings: { ...defaults, requireAttestation: false } });
  expect(parsed).toEqual(parseSettings({ ...needed, ...explicit }, where));
});

test('all mistakes are reported at once, with the command that corrects each', () => {
  const config = {
    cpu: '3',
    concurrency: '0',
    minInstances: '11',
    maxInstance: '3',
    logLevel: 'loud',
    corsOrigins: '*',
  };
  const problems = problemsOf(
    { ...config, jwtIssuer: undefined },
    { region: 'us', project: '308006323670' },
  );
  expect(Object.fromEntries(problems.map(({ key, command }) => [key, command]))).toEqual({
    cpu: 'npx -y pnpm@12 pulumi config set andamio:cpu VALUE --stack STACK',
    concurrency: 'npx -y pnpm@12 pulumi config set andamio:concurrency VALUE --stack STACK',
    minInstances: 'npx -y pnpm@12 pulumi config set andamio:minInstances VALUE --stack STACK',
    maxInstance: 'npx -y pnpm@12 pulumi config rm andamio:maxInstance --stack STACK',
    logLevel: 'npx -y pnpm@12 pulumi config set andamio:logLevel VALUE --stack STACK',
    corsOrigins: 'npx -y pnpm@12 pulumi config set andamio:corsOrigins VALUE --stack STACK',
    jwtIssuer: 'npx -y pnpm@12 pulumi config set andamio:jwtIssuer VALUE --stack STACK',
    'gcp:region': 'npx -y pnpm@12 pulumi config set gcp:region VALUE --stack STACK',
    'gcp:project': 'npx -y pnpm@12 bootstrap --project ID STACK',
  });
});

describe('every setting of the service has a source', () => {
  const secrets = [
    {
      variable: 'KEY_PEPPERS',
      name: 'key-peppers',
      versionKey: 'keyPeppersVersion',
      id: 'x',
      version: 1,
    },
  ];

  test.each(passedVariables)(
    'the stack setting $key sets the variable $variable',
    ({ variable, key }) => {
      const settings = { ...settingsOf({}), [key]: 'the value' };
      expect(serviceEnvironment(settings, [], undefined)[variable]).toBe('the value');
    },
  );

  test('a variable that is not set has a documented reason', () => {
    const environment = serviceEnvironment(
      settingsOf({}),
      secrets as never,
      {
        url: 'rediss://10.10.0.2:6379',
        certificates: 'PEM',
      } as never,
    );
    const passed: string[] = passedVariables.map(({ variable }) => variable);
    const secret: string[] = serviceSecrets.map(({ variable }) => variable);
    const others = settingNames.filter(
      (name) => !(name in environment) && !passed.includes(name) && !secret.includes(name),
    );
    for (const name of others)
      expect(variables[name], name).toHaveProperty('unset', expect.stringMatching(/\w+ \w+/));
  });

  test('secret variables come from Secret Manager, except the Redis URL, which contains no password', () => {
    const inPlain = secretSettings.filter((name) => !('secret' in variables[name]));
    expect(inPlain).toEqual(['REDIS_URL']);
    const counters = { url: 'rediss://10.10.0.2:6379', certificates: 'PEM' } as never;
    expect(serviceEnvironment(settingsOf({}), [], counters)).toMatchObject({
      REDIS_AUTH: 'google-iam',
    });
  });
});
