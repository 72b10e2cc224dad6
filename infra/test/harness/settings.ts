/** Settings that the committed files leave to the platform team, as a test would have them. */

const pepperBytes = Buffer.alloc(32, 'pepper').toString('base64');

/** Values of secrets that are searched for wherever they must not be. */
export const secretValues = {
  jwtSecret: 'this-is-the-jwt-secret-of-the-tests-0123456789',
  pepper: pepperBytes,
} as const;

const digest = (digit: string) => `sha256:${digit.repeat(64)}`;

/** An image in the registry of the documented project, by the digit that its digest is made of. */
export const image = (digit: string) => `us-central1-docker.pkg.dev/documented-project/andamio/api@${digest(digit)}`;

const github = {
  githubRepository: 'example-owner/example-repository',
  githubRepositoryId: '1234567',
  githubOwnerId: '7654321',
};

const tokens = { jwtIssuer: 'https://issuer.example', jwksUrl: 'https://issuer.example/.well-known/jwks.json' };
const keyPeppers = `a:${secretValues.pepper}`;
const place = (stack: string) => ({
  'gcp:project': 'documented-project',
  stateBucket: 'documented-project-pulumi',
  stateKey: `projects/documented-project/locations/us-central1/keyRings/pulumi/cryptoKeys/${stack}`,
});

/** What each stack needs beside its file. */
export const remaining = {
  dev: {
    'gcp:project': 'my-project',
    jwtIssuer: 'https://issuer.example',
    jwtAudience: 'andamio-api',
    jwtSecrets: secretValues.jwtSecret,
    keyPeppers,
  },
  shared: {
    ...github,
    ...place('shared'),
    alertEmail: 'platform@team.example',
    billingAccount: '0A1B2C-0A1B2C-0A1B2C',
  },
  preprod: { ...github, ...tokens, ...place('preprod'), keyPeppers, image: image('1') },
  prod: { ...github, ...tokens, ...place('prod'), keyPeppers, alertEmail: 'platform@team.example', image: image('1') },
} as const satisfies Record<string, Record<string, string>>;

export type StackName = keyof typeof remaining;
