import { publicHosts } from '@andamio/schema/hosts';
import * as z from 'zod';
import * as rule from './rules.ts';
import {
  type PassedKey,
  passedVariables,
  serviceProblems,
  serviceSecrets,
  type VersionKey,
} from './service-variables.ts';

/** Settings that the program passes to the service. The service's own schema validates them. */
const passed = Object.fromEntries(
  passedVariables.map(({ key }) => [key, z.string().optional()]),
) as Record<PassedKey, z.ZodOptional<z.ZodString>>;

const version = rule.integer(1, 1_000_000).optional();
const versions = Object.fromEntries(
  serviceSecrets.map(({ versionKey }) => [versionKey, version]),
) as Record<VersionKey, typeof version>;

/**
 * Schema of a stack's configuration, without the project's key prefix. Pulumi.dev.yaml documents
 * the keys.
 */
const shape = z.object({
  owns: rule.oneOf(['all', 'project', 'service']).default('all'),
  protect: rule.flag.default(true),
  projectNumber: rule.projectNumber.optional(),

  service: rule.serviceName.default('andamio-api'),
  documentedHost: rule.oneOf(Object.keys(publicHosts) as [string, ...string[]]).optional(),
  database: rule.databaseName.optional(),
  restoredDatabase: rule.databaseName.optional(),
  image: rule.imageByDigest.optional(),
  stableRevision: rule.revision.optional(),
  stableImage: rule.imageByDigest.optional(),
  requireAttestation: rule.flag.optional(),

  cpu: rule.oneOf(['1', '2', '4']).default('1'),
  memoryMiB: rule.integer(512, 8192).default(512),
  cpuIdle: rule.flag.default(true),
  minInstances: rule.integer(0, 1000).default(0),
  maxInstances: rule.integer(1, 1000).default(4),
  concurrency: rule.integer(1, 1000).default(80),
  requestTimeoutSeconds: rule.integer(5, 3600).default(30),

  ...passed,
  ...versions,
  sharedRateLimits: rule.flag.default(false),
  logVerifications: rule.flag.default(false),
  logDatabaseCalls: rule.flag.default(false),

  alertEmail: rule.email.optional(),
  billingAccount: rule.billingAccount.optional(),
  monthlyBudget: rule.integer(1, 10_000_000).default(100),

  githubRepository: rule.repository.optional(),
  githubRepositoryId: rule.numericId.optional(),
  githubOwnerId: rule.numericId.optional(),
  githubEnvironment: rule.environment.optional(),
  stateBucket: rule.bucket.optional(),
});

/** The default settings. All other code reads defaults from here. */
export const defaults = shape.parse({});

type Values = z.output<typeof shape>;
type Key = keyof Values;

/** A problem with a setting. It contains the key and the violated rule, but never the value. */
export interface SettingProblem {
  readonly key: string;
  readonly rule: string;
  /**
   * The command that fixes the problem, with STACK as a placeholder for the stack's name. Defaults
   * to the command that sets the key.
   */
  readonly command?: string;
}

/** The validated settings of a stack. */
export interface Settings
  extends Omit<Values, 'documentedHost' | 'database' | 'requireAttestation'> {
  readonly project: string;
  readonly region: string;
  /** The name of the stack's own Firestore database. It is the service's name unless it is set. */
  readonly database: string;
  /** The name of the database that the service uses: the restored one if it is set. */
  readonly usedDatabase: string;
  readonly documentedHost: keyof typeof publicHosts | undefined;
  /** True if the project has an attestor, and the build account that attests images. */
  readonly requireAttestation: boolean;
  /**
   * True if Cloud Run runs only attested images. Without an image in its settings, a stack that
   * owns its project builds one, which nobody attests.
   */
  readonly runsOnlyAttested: boolean;
  readonly ownsProject: boolean;
  readonly ownsService: boolean;
  readonly github: GitHub | undefined;
}

/**
 * The GitHub repository that may deploy. The numeric ids do not change when the repository is
 * renamed.
 */
export interface GitHub {
  readonly repository: string;
  readonly repositoryId: string;
  readonly ownerId: string;
}

/**
 * Returns the default of `requireAttestation`, which depends on what the stack owns. It is false
 * for a stack that owns both the project and the service, because such a stack may build its image
 * during `up`.
 */
function mustAttest(owns: string): boolean {
  return owns !== 'all';
}

/** The rule that a stack violates if it has no image although images must be attested. */
export const imageRequired =
  'must be set if images must be attested. It is the digest reference of an image that the build account attested';

const githubKeys = [
  'githubRepository',
  'githubRepositoryId',
  'githubOwnerId',
] as const satisfies Key[];

/**
 * The least and the most memory in MiB for each number of vCPUs. Cloud Run allows 4 vCPUs up to
 * 16 GiB: https://cloud.google.com/run/docs/configuring/services/cpu#cpu-memory
 */
const memoryOf: Readonly<Record<Values['cpu'], readonly [least: number, most: number]>> = {
  '1': [512, 4096],
  '2': [512, 8192],
  '4': [2048, 8192],
};

/**
 * Checks the rules that involve several settings. It reads the raw values so that all problems are
 * reported at once, even if some values are invalid.
 */
function crossRules(raw: Readonly<Record<string, string>>): SettingProblem[] {
  const owns = raw['owns'] ?? defaults.owns;
  const ownsService = owns !== 'project';
  const given = (key: Key) => raw[key] !== undefined;
  const number = (key: 'minInstances' | 'maxInstances') => Number(raw[key] ?? defaults[key]);
  const cpu = shape.shape.cpu.safeParse(raw['cpu']).data ?? defaults.cpu;
  const memory = shape.shape.memoryMiB.safeParse(raw['memoryMiB']).data;
  const [least, most] = memoryOf[cpu];
  const someGitHub = githubKeys.some(given);

  const rules: [broken: boolean, key: Key, rule: string][] = [
    [
      number('minInstances') > number('maxInstances'),
      'minInstances',
      'must not be greater than maxInstances',
    ],
    [
      // A stack that owns both creates the build account first: `attestationProblems`.
      owns === 'service' &&
        !given('image') &&
        (raw['requireAttestation'] ?? String(mustAttest(owns))) === 'true',
      'image',
      imageRequired,
    ],
    [
      raw['restoredDatabase'] === (raw['database'] ?? raw['service'] ?? defaults.service),
      'restoredDatabase',
      "must not be set to the stack's own database, which is used without this setting",
    ],
    [
      given('stableRevision') && !given('image'),
      'stableRevision',
      'must be set only together with image, which is the candidate',
    ],
    [
      given('stableImage') && !given('stableRevision'),
      'stableImage',
      'must not be set without stableRevision, because it is the image of that revision',
    ],
    ...githubKeys.map((key): [boolean, Key, string] => [
      someGitHub && !given(key),
      key,
      'must be set together with the other github keys. To print the ids, run: gh api repos/OWNER/NAME --jq "{id, owner: .owner.id}"',
    ]),
    [
      someGitHub && ownsService && !given('githubEnvironment'),
      'githubEnvironment',
      'must be set together with githubRepository. It is the GitHub environment whose jobs can deploy this stack',
    ],
    [
      memory !== undefined && (memory < least || memory > most),
      'memoryMiB',
      `must be ${least} to ${most} if cpu is ${cpu}`,
    ],
  ];
  return rules.filter(([broken]) => broken).map(([, key, text]) => ({ key, rule: text }));
}

/** Returns the command that fixes a problem, with STACK as a placeholder for the stack's name. */
function commandFor({ key, rule: broken }: SettingProblem): string {
  const full = key.includes(':') ? key : `andamio:${key}`;
  if (key in versions && broken.startsWith('must be set'))
    return 'npx -y pnpm@12 secrets:generate STACK';
  if (key === 'image' && broken.startsWith('must be set')) return 'npx -y pnpm@12 image:push STACK';
  if (key === 'gcp:project') return 'npx -y pnpm@12 bootstrap --project ID STACK';
  // A stack whose settings began with a template often has the template's JWT secret beside the
  // keys of an issuer that was added later. Either setting can be the one to remove.
  const [, other] = /^must not be set together with (\w+)/.exec(broken) ?? [];
  if (other !== undefined)
    return `npx -y pnpm@12 pulumi config rm andamio:${other} --stack STACK  # or ${full}`;
  if (/^(is not a setting|must not be set)|or be unset$/.test(broken))
    return `npx -y pnpm@12 pulumi config rm ${full} --stack STACK`;
  return `npx -y pnpm@12 pulumi config set ${full} VALUE --stack STACK`;
}

const location = z.object({ project: rule.project, region: rule.region });

/**
 * Validates and parses a stack's settings.
 *
 * @param raw the configuration values of this project by key, all strings as Pulumi stores them
 * @param provider the values of `gcp:project` and `gcp:region`
 * @returns the settings, or all problems
 */
export function parseSettings(
  raw: Readonly<Record<string, string>>,
  provider: { readonly project: string | undefined; readonly region: string | undefined },
):
  | { readonly ok: true; readonly settings: Settings }
  | { readonly ok: false; readonly problems: SettingProblem[] } {
  const values = shape.safeParse(raw);
  const where = location.safeParse({
    project: provider.project ?? '',
    region: provider.region ?? '',
  });
  const problems = [
    ...Object.keys(raw)
      .filter((key) => !(key in shape.shape))
      .map((key) => ({ key, rule: 'is not a setting of this program' })),
    ...(where.error?.issues ?? []).map(({ path, message }) => ({
      key: `gcp:${String(path[0])}`,
      rule: message,
    })),
    ...(values.error?.issues ?? []).map(({ path, message }) => ({
      key: String(path[0]),
      rule: message,
    })),
    ...crossRules(raw),
    ...((raw['owns'] ?? defaults.owns) === 'project' ? [] : serviceProblems(raw)),
  ].map((problem) => ({ ...problem, command: commandFor(problem) }));
  if (!values.success || !where.success || problems.length > 0) return { ok: false, problems };

  const { githubRepository, githubRepositoryId, githubOwnerId } = values.data;
  const requireAttestation = values.data.requireAttestation ?? mustAttest(values.data.owns);
  const database = values.data.database ?? values.data.service;
  const settings: Settings = {
    ...values.data,
    ...where.data,
    documentedHost: values.data.documentedHost as Settings['documentedHost'],
    database,
    usedDatabase: values.data.restoredDatabase ?? database,
    requireAttestation,
    runsOnlyAttested: requireAttestation && values.data.image !== undefined,
    ownsProject: values.data.owns !== 'service',
    ownsService: values.data.owns !== 'project',
    github:
      githubRepository && githubRepositoryId && githubOwnerId
        ? { repository: githubRepository, repositoryId: githubRepositoryId, ownerId: githubOwnerId }
        : undefined,
  };
  return { ok: true, settings };
}
