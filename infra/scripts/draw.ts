// node scripts/draw.ts: writes the drawings and tables of docs/infrastructure.md, from the reviewed snapshots of the stacks.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A resource as a snapshot has it. */
interface Resource {
  readonly resource: string;
  readonly type: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

/** A node of a drawing: something that runs, holds data, or signs in. */
interface Node {
  readonly id: string;
  readonly label: string;
  /** Kind and name, as {@link Grant.what} has them. */
  readonly what: string;
}

/** Who may do what with what. */
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

/** The types that are drawn: Google's product, what a grant calls one, and the input that holds its name. */
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
 * What an arrow says in place of a role; no arrow where it is empty, since the role reveals only that a thing exists, or belongs to
 * another arrow. Any other role is written as it is called. The tables name all of them.
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
  'secretmanager.viewer': '',
  'storage.objectUser': 'reads, writes',
  'storage.objectViewer': 'reads',
};

const text = (resource: Resource, input: string) => String(resource.inputs?.[input] ?? '');

const last = (path: string) => path.split('/').at(-1) as string;

/** `deploy-account` -> `deploy_account`, which Mermaid takes as a name. */
const identifier = (name: string) => name.replaceAll(/[^A-Za-z0-9]/g, '_');

function read(stack: StackName): Resource[] {
  return JSON.parse(readFileSync(join(folder, `test/snapshots/${stack}.json`), 'utf8'));
}

/** Who a grant is for, as a reader knows them: an account's id, a job on GitHub, or an agent of Google's. */
function whoIs(member: string): string {
  const [kind, rest = ''] = member.split(/:(.*)/s);
  if (kind === 'serviceAccount') {
    const [account = '', domain = ''] = rest.split('@');
    if (domain.startsWith('serverless-robot')) return 'Cloud Run';
    return domain.startsWith('gcp-sa-binaryauthorization') ? 'Binary Authorization' : account;
  }
  return `GitHub: ${rest.replace(/^.*\/subject\/\d+:/, '')}`;
}

/** What a grant is on. Which input says so depends on the type. */
function whatOf(grant: Resource): string {
  const condition = (grant.inputs?.['condition'] as { readonly expression?: string } | undefined)?.expression ?? '';
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

/** The secrets that a service is given, by name: the program grants access to them and holds no value. */
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
    return [{ id: identifier(resource.resource), label: `${product}<br>${name}`, what: `${kind} ${name}` }];
  });
  const service = resources.find(({ type }) => type === serviceType);
  const secrets = service ? secretsOf(service) : [];
  const buckets = new Set(grantsOf(resources).flatMap(({ what }) => /^bucket (.+)/.exec(what)?.[1] ?? []));
  return [
    ...things,
    ...secrets.map((name) => ({ id: identifier(name), label: `Secret Manager<br>${name}`, what: `secret ${name}` })),
    ...[...buckets].map((name) => ({ id: 'state', label: `Pulumi's state<br>${name}`, what: `bucket ${name}` })),
    // Where a service is drawn, the few grants on the project as a whole stand in the table alone.
    ...(service ? [] : [{ id: 'project', label: 'The project', what: 'the project' }]),
  ];
}

const count = (resources: readonly Resource[], type: string, noun: string) => {
  const { length } = resources.filter((each) => each.type === type);
  return length === 0 ? [] : [`${length} ${noun}${length === 1 ? '' : 's'}`];
};

/** What monitoring looks at and tells, where the stack has it. */
function monitoringOf(resources: readonly Resource[]): string[] {
  const checks = count(resources, 'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig', 'uptime check');
  if (checks.length === 0) return [];
  const label = [
    ...checks,
    ...count(resources, 'gcp:monitoring/alertPolicy:AlertPolicy', 'alert'),
    ...count(resources, 'gcp:monitoring/slo:Slo', 'objective'),
  ].join(', ');
  const channel = resources.some(({ type }) => type === 'gcp:monitoring/notificationChannel:NotificationChannel');
  return [
    `monitoring["Cloud Monitoring<br>${label}"]`,
    'monitoring -- HTTPS --> service',
    ...(channel ? ['monitoring -- alerts --> mail([E-mail])'] : []),
  ];
}

const labelOf = (roles: ReadonlySet<string>) => (roles.size > 2 ? `${roles.size} roles` : [...roles].join('<br>'));

/** Returns a stack as a Mermaid flowchart: who calls what, and which identity may do what with which thing. */
export function drawing(stack: StackName): string {
  const resources = read(stack);
  const nodes = nodesOf(resources);
  const hasService = resources.some(({ type }) => type === serviceType);
  const runtime = resources.find(({ resource }) => resource === 'runtime-account');
  const runtimeAccount = `account ${runtime ? text(runtime, 'accountId') : ''}`;
  // The account that the service runs as is drawn as the service: what it may do, the service does.
  const idOf = (what: string) => (what === runtimeAccount ? 'service' : nodes.find((node) => node.what === what)?.id);

  const jobs = new Map<string, string>();
  const edges = new Map<string, Set<string>>();
  for (const { who, role, what } of grantsOf(resources)) {
    const isJob = who.startsWith('GitHub: ');
    const from = isJob ? identifier(who) : who === 'Cloud Run' && hasService ? 'service' : idOf(`account ${who}`);
    const to = idOf(what);
    const verb = verbs[role] ?? role.replace(/^\w+_release$/, 'releases');
    if (from === undefined || to === undefined || from === to || verb === '') continue;
    if (isJob) jobs.set(from, who);
    const key = `${from} ${to}`;
    edges.set(key, (edges.get(key) ?? new Set()).add(verb));
  }
  const counters = nodes.find(({ what }) => what.startsWith('instance '));
  const [attestor, key] = ['attestor ', 'KMS key '].map((kind) => nodes.find(({ what }) => what.startsWith(kind)));
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
    ...nodes.filter(({ what }) => what !== runtimeAccount).map(({ id, label }) => `${id}["${label}"]`),
    ...[...edges].map(([key, roles]) => key.replace(' ', ` -- "${labelOf(roles)}" --> `)),
    ...(counters && !edges.has(`service ${counters.id}`) ? [`service -- counts in --> ${counters.id}`] : []),
    ...(attestor && key ? [`${key.id} -- "public half" --> ${attestor.id}`] : []),
  ];
  return ['flowchart TB', ...lines.map((line) => `  ${line}`)].join('\n');
}

/** The table of every grant of a stack: who may do what, and on what. */
export function grantsTable(stack: StackName): string {
  const rows = new Map<string, Set<string>>();
  for (const { who, role, what } of grantsOf(read(stack))) {
    const key = `| \`${who}\` | ${what.replace(/ (\S+)$/, ' `$1`').replace('the `project`', 'the project')} |`;
    rows.set(key, (rows.get(key) ?? new Set()).add(`\`${role}\``));
  }
  const lines = [...rows].sort().map(([key, roles]) => `${key} ${[...roles].sort().join(', ')} |`);
  return ['| identity | on | may |', '| --- | --- | --- |', ...lines].join('\n');
}

/** Puts the drawing and the table of each stack between their markers in the document. */
export function withDrawings(document: string): string {
  return stacks.reduce((text, stack) => {
    const between = new RegExp(`(?<=<!-- ${stack}: generated -->)[\\s\\S]*(?=<!-- /${stack} -->)`);
    return text.replace(between, () => `\n\n\`\`\`mermaid\n${drawing(stack)}\n\`\`\`\n\n${grantsTable(stack)}\n\n`);
  }, document);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(documentFile, withDrawings(readFileSync(documentFile, 'utf8')));
}
