// Values for the settings that the committed stack files leave to the platform team.

const pepperBytes = Buffer.alloc(32, 'pepper').toString('base64');

/** Secret values that must not appear in any output, file or state. */
export const secretValues = {
  jwtSecret: 'this-is-the-jwt-secret-of-the-tests-0123456789',
  pepper: pepperBytes,
} as const;

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

/**
 * Returns an image reference in the documented project's registry. The digest consists of the given
 * digit.
 */
export const image = (digit: string) =>
  `us-central1-docker.pkg.dev/documented-project/andamio/api@${digest(digit)}`;

export const github = {
  githubRepository: 'example-owner/example-repository',
  githubRepositoryId: '1234567',
  githubOwnerId: '7654321',
};

const tokens = {
  jwtIssuer: 'https://issuer.example',
  jwksUrl: 'https://issuer.example/.well-known/jwks.json',
};

/** The secrets in Secret Manager, each with one version, by project and id. */
export const secrets = [
  ['my-project', 'andamio-api-key-peppers', `a:${secretValues.pepper}`],
  ['my-project', 'andamio-api-jwt-secrets', secretValues.jwtSecret],
  ['documented-project', 'andamio-api-key-peppers', `a:${secretValues.pepper}`],
  ['documented-project', 'andamio-api-preprod-key-peppers', `a:${secretValues.pepper}`],
] as const;

const keyPeppersVersion = '1';
const place = {
  'gcp:project': 'documented-project',
  stateBucket: 'documented-project-pulumi',
};

/** Settings that each stack needs in addition to its committed file. */
export const remaining = {
  dev: {
    'gcp:project': 'my-project',
    jwtIssuer: 'https://issuer.example',
    jwtAudience: 'andamio-api',
    jwtSecretsVersion: '1',
    keyPeppersVersion,
  },
  shared: {
    ...github,
    ...place,
    alertEmail: 'platform@team.example',
    billingAccount: '0A1B2C-0A1B2C-0A1B2C',
  },
  preprod: { ...github, ...tokens, ...place, keyPeppersVersion, image: image('1') },
  prod: {
    ...github,
    ...tokens,
    ...place,
    keyPeppersVersion,
    alertEmail: 'platform@team.example',
    image: image('1'),
  },
} as const satisfies Record<string, Record<string, string>>;

export type StackName = keyof typeof remaining;
