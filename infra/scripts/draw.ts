// node scripts/draw.ts: draws what runs where, from the reviewed snapshots of the stacks, as docs/infrastructure.md.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

interface Resource {
  readonly resource: string;
  readonly type: string;
  readonly in?: string;
  readonly inputs?: Readonly<Record<string, unknown>>;
}

const folder = join(import.meta.dirname, '..');

const document = join(folder, '../docs/infrastructure.md');

/** Types that hold or run something, and what a reader calls them. The rest is how those are set up. */
const things: Readonly<Record<string, string>> = {
  'gcp:artifactregistry/repository:Repository': 'Artifact Registry',
  'gcp:billing/budget:Budget': 'Budget',
  'gcp:cloudrunv2/service:Service': 'Cloud Run',
  'gcp:firestore/database:Database': 'Firestore',
  'gcp:iam/workloadIdentityPool:WorkloadIdentityPool': 'Workload Identity Federation',
  'gcp:monitoring/dashboard:Dashboard': 'Dashboard',
  'gcp:monitoring/uptimeCheckConfig:UptimeCheckConfig': 'Uptime check',
  'gcp:redis/instance:Instance': 'Memorystore',
  'gcp:secretmanager/secret:Secret': 'Secret Manager',
  'gcp:serviceaccount/account:Account': 'Service account',
};

const text = (resource: Resource, input: string) => String(resource.inputs?.[input] ?? '');

/** What a thing is called at Google. */
function nameOf(resource: Resource): string {
  const names = ['name', 'secretId', 'accountId', 'repositoryId', 'workloadIdentityPoolId', 'displayName'];
  return names.map((input) => text(resource, input)).find(Boolean) ?? resource.resource;
}

const id = (stack: string, resource: Resource) => `${stack}_${resource.resource.replaceAll('-', '_')}`;

/** Who may do what with which thing: from the members of policies. */
function edges(stack: string, resources: readonly Resource[]): string[] {
  const find = (type: string, matches: (resource: Resource) => boolean) =>
    resources.find((each) => each.type.includes(type) && matches(each));
  const accountOf = (member: string) =>
    find('serviceaccount/account', (each) => member.startsWith(`serviceAccount:${text(each, 'accountId')}@`));
  const drawn = resources.flatMap((grant) => {
    const account = accountOf(text(grant, 'member'));
    const target =
      find('secretmanager/secret:', (each) => text(each, 'secretId') === text(grant, 'secretId')) ??
      (grant.resource === 'runtime-uses-database' ? find('firestore/database:', () => true) : undefined) ??
      (grant.type.includes('ServiceIamMember') ? find('cloudrunv2/service:', () => true) : undefined) ??
      (grant.type.includes('RepositoryIamMember') ? find('artifactregistry/repository:', () => true) : undefined);
    const role = text(grant, 'role').split('/').at(-1);
    return account && target ? [`${id(stack, account)} -- ${role} --> ${id(stack, target)}`] : [];
  });
  const service = find('cloudrunv2/service:', () => true);
  const runtime = find('serviceaccount/account', (each) => each.resource === 'runtime-account');
  const redis = find('redis/instance', () => true);
  const uptime = find('uptimeCheckConfig', () => true);
  if (service && runtime) drawn.push(`${id(stack, service)} -- runs as --> ${id(stack, runtime)}`);
  if (service && redis) drawn.push(`${id(stack, service)} -- counts in --> ${id(stack, redis)}`);
  if (service && uptime) drawn.push(`${id(stack, uptime)} -- asks --> ${id(stack, service)}`);
  return drawn;
}

function draw(stack: string): string[] {
  const file = join(folder, `test/snapshots/${stack}.json`);
  const resources = JSON.parse(readFileSync(file, 'utf8')) as Resource[];
  const nodes = resources.flatMap((resource) => {
    const what = things[resource.type];
    return what === undefined ? [] : [`    ${id(stack, resource)}["${what}<br>${nameOf(resource)}"]`];
  });
  return [`  subgraph ${stack}`, ...nodes, '  end', ...edges(stack, resources).map((edge) => `  ${edge}`)];
}

/** The document: a diagram of the project that preprod and prod share. */
export function infrastructureDocument(): string {
  const lines = [
    '# What runs where',
    '',
    'Project 308006323670, as the stacks `shared`, `preprod` and `prod` declare it. Drawn from `infra/test/snapshots` by',
    '`npx -y pnpm@12 generate`; every resource with all that it is asked for stands there.',
    '',
    '```mermaid',
    'flowchart LR',
    '  client([Consumers]) -- HTTPS --> prod_service',
    '  jobs([GitHub Actions]) -- no stored key --> shared_pool',
    ...['shared', 'preprod', 'prod'].flatMap(draw),
    '```',
  ];
  return `${lines.join('\n')}\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(document, infrastructureDocument());
