// node scripts/draw.ts: writes the diagrams and tables of docs/infrastructure.md. They are derived
// from the reviewed snapshots of the stacks.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A resource in a stack's snapshot. */
interface Resource {
  readonly resource: string;
  readonly type: string;
  readonly protect?: boolean;
  /** Names of the inputs whose change replaces the resource, separated by commas. */
  readonly replacedBy?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** A node of a diagram: a resource that runs, stores data, or authenticates. */
interface Node {
  readonly id: string;
  readonly label: string;
  /** The resource's kind and name, in the format of {@link Grant.what}. */
  readonly what: string;
}

/** A grant: the member, the role, and the resource to which the role applies. */
interface Grant {
  readonly who: string;
  readonly role: string;
  readonly what: string;
}

const serviceType = 'gcp:cloudrunv2/service:Service';

const folder = join(import.meta.dirname, '..');

const documentFile = join(folder, '../docs/infrastructure.md');

export const stacks = ['dev', 'shared', 'preprod', 'prod'] as const;

export type StackName = (typeof stacks)[number];

/**
 * The resource types that appear in diagrams, each with Google's product name, the kind in the
 * grants table, and the input that contains the resource's name.
 */
const drawn: Readonly<Record<string, readonly [product: string, kind: string, name: string]>> = {
  'gcp:artifactregistry/repository:Repository': ['Artifact Registry', 'registry', 'repositoryId'],
  'gcp:binaryauthorization/attestor:Attestor': ['Binary Authorization', 'attestor', 'name'],
  'gcp:cloudrunv2/job:Job': ['Cloud Run job', 'job', 'name'],
  'gcp:cloudrunv2/service:Service': ['Cloud Run', 'service', 'name'],
  'gcp:firestore/database:Database': ['Firestore', 'database', 'name'],
  'gcp:kms/cryptoKey:CryptoKey': ['Cloud KMS', 'KMS key', 'name'],
  'gcp:memorystore/instance:Instance': ['Memorystore for Valkey', 'instance', 'instanceId'],
  'gcp:serviceaccount/account:Account': ['Service account', 'account', 'accountId'],
};

/**
 * Arrow labels by role. A role with an empty label has no arrow: the role only reveals that a
 * resource exists, or another arrow already shows its purpose. Roles without an entry are labeled
 * with their own name. The tables list all roles.
 */
const verbs: Readonly<Record<string, string>> = {
  andamio_build: '',
  andamio_drift: 'compares',
  andamio_preview: 'looks up',
  'artifactregistry.reader': 'pulls',
  'artifactregistry.writer': 'pushes',
  'binaryauthorization.attestorsVerifier': '',
  'cloudkms.signerVerifier': 'signs with',
  'datastore.user': 'reads, writes',
  'iam.serviceAccountUser': '',
  'iam.workloadIdentityUser': 'signs in as',
  'memorystore.dbConnectionUser': 'counts in',
  'secretmanager.secretAccessor': 'reads',
  'storage.objectUser': 'reads, writes',
  'storage.objectViewer': 'reads',
};

const text = (resource: Resource, input: string) => String(resource.inputs?.[input] ?? '');

const last = (path: string) => path.split('/').at(-1) as string;

/**
 * Returns a name in the format of Mermaid identifiers, such as `deploy_account` for
 * `deploy-account`.
 */
const identifier = (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, '_');

function read(stack: StackName): Resource[] {
  return JSON.parse(readFileSync(join(folder, `test/snapshots/${stack}.json`), 'utf8'));
}

/**
 * Returns the display name of a member: an account's id, a GitHub job, or a Google service agent.
 */
function whoIs(member: string): string {
  const [kind, rest = ''] = member.split(/:(.*)/s);
  if (kind === 'serviceAccount') {
    const [account = '', domain = ''] = rest.split('@');
    if (domain.startsWith('serverless-robot')) return 'Cloud Run';
    return domain.startsWith('gcp-sa-binaryauthorization') ? 'Binary Authorization' : account;
  }
  return `GitHub: ${rest.replace(/^.*\/subject\/\d+:/, '')}`;
}

/**
 * Returns the resource to which a grant applies. The resource's name is in a different input for
 * each type of grant.
 */
function whatOf(grant: Resource): string {
  const condition =
    (grant.inputs?.['condition'] as { readonly expression?: string } | undefined)?.expression ?? '';
  const [, kind, name] = /(database|instance)s\/([\w-]+)"/.exec(condition) ?? [];
  if (kind !== undefined) return `${kind} ${name}`;
  const inputs: readonly [input: string, noun: string][] = [
    ['secretId', 'secret'],
    ['serviceAccountId', 'account'],
    ['repository', 'registry'],
    ['cryptoKeyId', 'KMS key'],
    ['attestor', 'attestor'],
    ['note', 'note'],
    ['bucket', 'bucket'],
    ['name', 'service'],
  ];
  for (const [input, noun] of inputs) {
    const value = text(grant, input);
    if (value === '') continue;
    const kind = grant.type === 'gcp:cloudrunv2/jobIamMember:JobIamMember' ? 'job' : noun;
    return `${kind} ${last(value).split('@')[0]}`;
  }
  return 'the project';
}

function grantsOf(resources: readonly Resource[]): Grant[] {
  return resources
    .filter(({ inputs }) => inputs?.['member'] !== undefined)
    .map((grant) => ({
      who: whoIs(text(grant, 'member')),
      role: last(text(grant, 'role')),
      what: whatOf(grant),
    }));
}

/**
 * Returns the names of a service's secrets, read from the service's environment. The program
 * declares grants on secrets but not the secrets themselves.
 */
function secretsOf(service: Resource): string[] {
  const template = service.inputs?.['template'] as {
    containers: { envs: { valueSource?: { secretKeyRef: { secret: string } } }[] }[];
  };
  return template.containers.flatMap(({ envs }) =>
    envs.flatMap(({ valueSource }) => valueSource?.secretKeyRef.secret ?? []),
  );
}

function nodesOf(resources: readonly Resource[]): Node[] {
  const things = resources.flatMap((resource): Node[] => {
    const found = drawn[resource.type];
    if (found === undefined) return [];
    const [product, kind, input] = found;
    const name = text(resource, input);
    return [
      {
        id: identifier(resource.resource),
        label: `${product}<br>${name}`,
        what: `${kind} ${name}`,
      },
    ];
  });
  const service = resources.find(({ type }) => type === serviceType);
  const secrets = service ? secretsOf(service) : [];
  const buckets = new Set(
    grantsOf(resources).flatMap(({ what }) => /^bucket (.+)/.exec(what)?.[1] ?? []),
  );
  return [
    ...things,
    ...secrets.map((name) => ({
      id: identifier(name),
      label: `Secret Manager<br>${name}`,
      what: `secret ${name}`,
    })),
    ...[...buckets].map((name) => ({
      id: 'state',
      label: `Pulumi's state<br>${name}`,
      what: `bucket ${name}`,
    })),
    // In a diagram with a service, project-wide grants have no arrows. The table lists them.
    ...(service ? [] : [{ id: 'project', label: 'The project', what: 'the project' }]),
  ];
}

const count = (resources: readonly Resource[], type: string, noun: string) => {
  const { length } = resources.filter((each) => each.type === type);
  return length === 0 ? [] : [`${length} ${noun}${length === 1 ? '' : 's'}`];
};

/** Returns the monitoring arrows of a diagram. The list is empty if the stack has no monitoring. */
function monitoringOf(resources: readonly Resource[]): string[] {
  const checks = count(
    resources,
    'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig',
    'uptime check',
  );
  if (checks.length === 0) return [];
  const label = [
    ...checks,
    ...count(resources, 'gcp:monitoring/alertPolicy:AlertPolicy', 'alert'),
    ...count(resources, 'gcp:monitoring/slo:Slo', 'objective'),
  ].join(', ');
  const channel = resources.some(
    ({ type }) => type === 'gcp:monitoring/notificationChannel:NotificationChannel',
  );
  return [
    `monitoring["Cloud Monitoring<br>${label}"]`,
    'monitoring -- HTTPS --> service',
    ...(channel ? ['monitoring -- alerts --> mail([E-mail])'] : []),
  ];
}

const labelOf = (roles: ReadonlySet<string>) =>
  roles.size > 2 ? `${roles.size} roles` : [...roles].join('<br>');

/**
 * Returns a Mermaid flowchart of a stack, with the calls between its resources and the permissions
 * of its identities.
 */
export function drawing(stack: StackName): string {
  const resources = read(stack);
  const nodes = nodesOf(resources);
  const hasService = resources.some(({ type }) => type === serviceType);
  const runtime = resources.find(({ resource }) => resource === 'runtime-account');
  const runtimeAccount = `account ${runtime ? text(runtime, 'accountId') : ''}`;
  // The diagram shows the runtime account as the service, because the service acts with the
  // permissions of this account.
  const idOf = (what: string) =>
    what === runtimeAccount ? 'service' : nodes.find((node) => node.what === what)?.id;

  const jobs = new Map<string, string>();
  const edges = new Map<string, Set<string>>();
  for (const { who, role, what } of grantsOf(resources)) {
    const isJob = who.startsWith('GitHub: ');
    const from = isJob
      ? identifier(who)
      : who === 'Cloud Run' && hasService
        ? 'service'
        : idOf(`account ${who}`);
    const to = idOf(what);
    const verb = verbs[role] ?? role.replace(/^\w+_release$/, 'releases');
    if (from === undefined || to === undefined || from === to || verb === '') continue;
    if (isJob) jobs.set(from, who);
    const key = `${from} ${to}`;
    edges.set(key, (edges.get(key) ?? new Set()).add(verb));
  }
  const counters = nodes.find(({ what }) => what.startsWith('instance '));
  const [attestor, key] = ['attestor ', 'KMS key '].map((kind) =>
    nodes.find(({ what }) => what.startsWith(kind)),
  );
  const lines = [
    ...(hasService
      ? [
          'consumers([Consumers]) -- HTTPS --> service',
          'operators([Operators]) -- execute --> admin_job',
          'admin_job -- as the account of --> service',
        ]
      : []),
    ...monitoringOf(resources),
    ...[...jobs].map(([id, who]) => `${id}(["${who}"])`),
    ...nodes
      .filter(({ what }) => what !== runtimeAccount)
      .map(({ id, label }) => `${id}["${label}"]`),
    ...[...edges].map(([key, roles]) => key.replace(' ', ` -- "${labelOf(roles)}" --> `)),
    ...(counters && !edges.has(`service ${counters.id}`)
      ? [`service -- counts in --> ${counters.id}`]
      : []),
    ...(attestor && key ? [`${key.id} -- "public half" --> ${attestor.id}`] : []),
  ];
  return ['flowchart TB', ...lines.map((line) => `  ${line}`)].join('\n');
}

/** Returns a Markdown table of all grants in a stack. */
export function grantsTable(stack: StackName): string {
  const rows = new Map<string, Set<string>>();
  for (const { who, role, what } of grantsOf(read(stack))) {
    const key = `| \`${who}\` | ${what.replace(/ (\S+)$/, ' `$1`').replace('the `project`', 'the project')} |`;
    rows.set(key, (rows.get(key) ?? new Set()).add(`\`${role}\``));
  }
  const lines = [...rows].sort().map(([key, roles]) => `${key} ${[...roles].sort().join(', ')} |`);
  return ['| identity | on | may |', '| --- | --- | --- |', ...lines].join('\n');
}

/** Returns the distinct names as code, separated by commas. */
const listed = (names: readonly string[]) =>
  [...new Set(names)].map((name) => `\`${name}\``).join(', ');

/**
 * Returns a Markdown table of the drawn resources, with the arguments whose change replaces them
 * and the stacks that protect them.
 */
export function replacementsTable(): string {
  const all = stacks.flatMap((stack) => read(stack).map((resource) => ({ stack, ...resource })));
  const lines = Object.entries(drawn).map(([type, [product]]) => {
    const found = all.filter((resource) => resource.type === type);
    const replacing = found.flatMap(({ replacedBy }) => replacedBy?.split(', ') ?? []);
    const protecting = found.flatMap(({ protect, stack }) => (protect ? [stack] : []));
    return `| ${product} | ${listed(replacing)} | ${listed(protecting)} |`;
  });
  return [
    '| resource | replaced by a change of | protected in |',
    '| --- | --- | --- |',
    ...lines,
  ].join('\n');
}

/**
 * Returns the document with the table of replacements, and the diagram and the table of each stack,
 * inserted between their markers.
 */
export function withDrawings(document: string): string {
  const sections: Readonly<Record<string, string>> = {
    replacements: replacementsTable(),
    ...Object.fromEntries(
      stacks.map((stack) => [
        stack,
        `\`\`\`mermaid\n${drawing(stack)}\n\`\`\`\n\n${grantsTable(stack)}`,
      ]),
    ),
  };
  return Object.entries(sections).reduce((text, [name, content]) => {
    const between = new RegExp(`(?<=<!-- ${name}: generated -->)[\\s\\S]*(?=<!-- /${name} -->)`);
    return text.replace(between, () => `\n\n${content}\n\n`);
  }, document);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(documentFile, withDrawings(readFileSync(documentFile, 'utf8')));
}
