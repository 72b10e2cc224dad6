import { publicHosts } from '@andamio/schema/hosts';
import * as z from 'zod';
import * as rule from './rules.ts';

/** The keys of a stack's configuration, without the project's prefix; Pulumi.dev.yaml explains them. */
const shape = z.object({
  owns: rule.oneOf(['all', 'project', 'service']).default('all'),
  protect: rule.flag.default(true),
  projectNumber: rule.projectNumber.optional(),

  service: rule.serviceName.default('andamio-api'),
  documentedHost: rule.oneOf(Object.keys(publicHosts) as [string, ...string[]]).optional(),
  database: rule.databaseName.optional(),
  image: rule.imageByDigest.optional(),
  stableRevision: rule.revision.optional(),

  cpu: rule.oneOf(['1', '2', '4']).default('1'),
  memoryMiB: rule.integer(512, 8192).default(512),
  minInstances: rule.integer(0, 100).default(0),
  maxInstances: rule.integer(1, 100).default(4),
  concurrency: rule.integer(1, 1000).default(80),
  requestTimeoutSeconds: rule.integer(5, 3600).default(30),

  // What the service itself reads is checked by its own schema, in environment.ts.
  jwtIssuer: z.string().optional(),
  jwtAudience: z.string().optional(),
  jwksUrl: z.string().optional(),
  jwtSecrets: z.string().optional(),
  jwtSecretsVersion: rule.integer(1, 1_000_000).optional(),
  keyPeppers: z.string().optional(),
  keyPeppersVersion: rule.integer(1, 1_000_000).optional(),
  ipRateLimitPerMinute: z.string().optional(),
  verifyCacheSeconds: z.string().optional(),
  corsOrigins: z.string().optional(),
  githubSecretScanningKeysUrl: z.string().optional(),
  logLevel: z.string().optional(),
  sharedRateLimits: rule.flag.default(false),

  alertEmail: rule.email.optional(),
  billingAccount: rule.billingAccount.optional(),
  monthlyBudget: rule.integer(1, 10_000_000).default(100),

  githubRepository: rule.repository.optional(),
  githubRepositoryId: rule.numericId.optional(),
  githubOwnerId: rule.numericId.optional(),
  githubEnvironment: rule.matching(/^[a-z][a-z0-9-]*$/, 'must be the name of an environment on GitHub').optional(),
  stateBucket: rule.bucket.optional(),
  stateKey: rule.cryptoKey.optional(),
});

type Values = z.output<typeof shape>;
type Key = keyof Values;

/** A setting that is wrong: its key and the rule, never its value. */
export interface SettingProblem {
  readonly key: string;
  readonly rule: string;
}

/** The program's settings, as understood. */
export interface Settings extends Omit<Values, 'documentedHost' | 'database'> {
  /** The project's id. */
  readonly project: string;
  readonly region: string;
  /** The name of the Firestore database: the service's own, unless another is set. */
  readonly database: string;
  readonly documentedHost: keyof typeof publicHosts | undefined;
  readonly ownsProject: boolean;
  readonly ownsService: boolean;
  readonly github: GitHub | undefined;
}

/** The repository that may deploy, by name and by the ids that outlive a name. */
export interface GitHub {
  readonly repository: string;
  readonly repositoryId: string;
  readonly ownerId: string;
}

/** The keys whose values must be encrypted: `pulumi config set --secret`. */
export const secretKeys = ['jwtSecrets', 'keyPeppers'] as const satisfies Key[];

const githubKeys = ['githubRepository', 'githubRepositoryId', 'githubOwnerId'] as const satisfies Key[];

/** The rules between settings. They read the raw values, so that each mistake shows at once. */
function crossRules(raw: Readonly<Record<string, string>>): SettingProblem[] {
  const ownsService = raw['owns'] !== 'project';
  const given = (key: Key) => raw[key] !== undefined;
  const missing = (key: Key) => ownsService && !given(key);
  const minimum = Number(raw['minInstances'] ?? 0);
  const someGitHub = githubKeys.some(given);

  const rules: [broken: boolean, key: Key, rule: string][] = [
    [minimum > Number(raw['maxInstances'] ?? 4), 'minInstances', 'must not be more than maxInstances'],
    [missing('jwtIssuer'), 'jwtIssuer', 'must be set: the `iss` that tokens have'],
    [missing('jwtAudience'), 'jwtAudience', 'must be set: the `aud` that tokens have'],
    [
      missing('keyPeppers') && missing('keyPeppersVersion'),
      'keyPeppers',
      'must be set: `pnpm secrets:generate` makes strong ones, or name a version added by hand in keyPeppersVersion',
    ],
    [
      missing('jwtSecrets') && missing('jwtSecretsVersion') && missing('jwksUrl'),
      'jwtSecrets',
      'must be set, or jwksUrl: `pnpm secrets:generate` makes strong ones, or name a version added by hand in jwtSecretsVersion',
    ],
    [
      given('jwksUrl') && (given('jwtSecrets') || given('jwtSecretsVersion')),
      'jwksUrl',
      'must not be set beside jwtSecrets: exactly one of the two verifies tokens',
    ],
    [given('stableRevision') && !given('image'), 'stableRevision', 'must be set only with image: the candidate'],
    ...githubKeys.map((key): [boolean, Key, string] => [
      someGitHub && !given(key),
      key,
      'must be set with the other github keys: `gh api repos/OWNER/NAME --jq "{id, owner: .owner.id}"` prints the ids',
    ]),
    [
      someGitHub && ownsService && !given('githubEnvironment'),
      'githubEnvironment',
      'must be set with githubRepository: the environment whose jobs may deploy this stack',
    ],
    [
      raw['memoryMiB'] !== undefined && raw['cpu'] === '4' && Number(raw['memoryMiB']) < 2048,
      'memoryMiB',
      'must be at least 2048 with 4 cpus',
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, key, text]) => ({ key, rule: text }));
}

const location = z.object({ project: rule.project, region: rule.region });

/**
 * Understands a stack's settings.
 *
 * @param raw the values of the project's own keys, as Pulumi holds them: strings.
 * @param provider the values of `gcp:project` and `gcp:region`.
 * @returns the settings, or every mistake at once.
 */
export function parseSettings(
  raw: Readonly<Record<string, string>>,
  provider: { readonly project: string | undefined; readonly region: string | undefined },
): { readonly ok: true; readonly settings: Settings } | { readonly ok: false; readonly problems: SettingProblem[] } {
  const values = shape.safeParse(raw);
  const where = location.safeParse({ project: provider.project ?? '', region: provider.region ?? '' });
  const problems: SettingProblem[] = [
    ...Object.keys(raw)
      .filter((key) => !(key in shape.shape))
      .map((key) => ({ key, rule: 'is not a setting of this program' })),
    ...(where.error?.issues ?? []).map(({ path, message }) => ({ key: `gcp:${String(path[0])}`, rule: message })),
    ...(values.error?.issues ?? []).map(({ path, message }) => ({ key: String(path[0]), rule: message })),
    ...crossRules(raw),
  ];
  if (!values.success || !where.success || problems.length > 0) return { ok: false, problems };

  const { githubRepository, githubRepositoryId, githubOwnerId } = values.data;
  const settings: Settings = {
    ...values.data,
    ...where.data,
    documentedHost: values.data.documentedHost as Settings['documentedHost'],
    database: values.data.database ?? values.data.service,
    ownsProject: values.data.owns !== 'service',
    ownsService: values.data.owns !== 'project',
    github:
      githubRepository && githubRepositoryId && githubOwnerId
        ? { repository: githubRepository, repositoryId: githubRepositoryId, ownerId: githubOwnerId }
        : undefined,
  };
  return { ok: true, settings };
}
