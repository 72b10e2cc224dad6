// The backend of the fake Google in a rehearsal, loaded into the fake's process. It has a registry
// on loopback, really builds images, and runs each revision of a service as a process of its image.
import { type ChildProcess, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout } from 'node:timers/promises';
import { freePort } from '@andamio/testing/free-port';
import { imageName } from '../../src/image-names.ts';
import type { Cloud, Machinery, Stored } from '../google/cloud.ts';
import { GoogleError } from '../google/error.ts';
import { startContainer } from './container.ts';
import { registryHost, startFront } from './front.ts';
import { Images } from './images.ts';

interface Revision {
  readonly process: ChildProcess;
  readonly port: number;
}

type Unpacked = { readonly files: string } & Awaited<ReturnType<Images['configuration']>>;

interface Container {
  readonly image: string;
  readonly commands?: readonly string[];
  readonly args?: readonly string[];
  readonly envs: {
    name: string;
    value?: string;
    valueSource?: { secretKeyRef: { secret: string; version: string } };
  }[];
  readonly resources: { limits: { memory: string } };
  readonly startupProbe: {
    httpGet: { path: string };
    periodSeconds: number;
    failureThreshold: number;
  };
}

interface Traffic {
  readonly revision?: string;
  readonly percent?: number;
  readonly tag?: string;
}

const registry = process.env['REHEARSAL_REGISTRY'] as string;
const emulator = process.env['FIRESTORE_EMULATOR_HOST'] as string;
const bundle = process.env['REHEARSAL_BUNDLE'] as string;
const images = new Images();
const front = await startFront(process.env['REHEARSAL_FOLDER'] as string);
front.route(registryHost, Number(registry.split(':')[1]));

/** Returns an image reference with the local registry in place of Google's. */
const here = (reference: string) => reference.replace(/^[^/]+-docker\.pkg\.dev/, registry);

const manifestType = 'application/vnd.oci.image.manifest.v1+json';

/** The image of the current source, built on first use. */
let built: Promise<void> | undefined;

/** Running revisions, by {@link keyOf}. */
const revisions = new Map<string, Revision>();

/**
 * Returns the key of a revision in {@link revisions}. It includes the project because two projects
 * may have revisions with the same name.
 */
const keyOf = (service: Stored, revision: string) => `${service.inputs['project']}/${revision}`;

function environmentOf(
  container: Container,
  project: string,
  cloud: Cloud,
): Record<string, string> {
  const entries = container.envs.map(({ name, value, valueSource }) => {
    if (valueSource === undefined) return [name, value ?? ''];
    const { secret, version } = valueSource.secretKeyRef;
    return [
      name,
      cloud.secretVersions.get(`projects/${project}/secrets/${secret}/versions/${version}`)
        ?.value ?? '',
    ];
  });
  return Object.fromEntries(entries);
}

async function isReady(port: number, path: string): Promise<boolean> {
  return fetch(`http://127.0.0.1:${port}${path}`).then(
    ({ ok }) => ok,
    () => false,
  );
}

/**
 * Files and configuration of images, by reference with digest. They are shared because containers
 * never write to their files.
 */
const unpacked = new Map<string, Promise<Unpacked>>();

async function unpack(reference: string): Promise<Unpacked> {
  await images.buildah('pull', '--quiet', '--tls-verify=false', `docker://${reference}`);
  return { files: await images.unpack(reference), ...(await images.configuration(reference)) };
}

/**
 * Starts a declared container.
 *
 * @param own variables that Cloud Run adds
 */
async function start(
  container: Container,
  project: string,
  cloud: Cloud,
  own: Readonly<Record<string, string>>,
): Promise<ChildProcess> {
  const reference = here(container.image);
  const pulled = unpacked.get(reference) ?? unpack(reference);
  unpacked.set(reference, pulled);
  const { files, User, Env, Entrypoint } = await pulled;
  return startContainer({
    files,
    user: User,
    command: container.commands ? [...container.commands, ...(container.args ?? [])] : Entrypoint,
    memoryMiB: Number(container.resources.limits.memory.replace('Mi', '')),
    environment: {
      ...Object.fromEntries(Env.map((pair) => pair.split(/=(.*)/s).slice(0, 2))),
      ...environmentOf(container, project, cloud),
      ...own,
      FIRESTORE_EMULATOR_HOST: emulator,
    },
  });
}

/**
 * Starts a revision and waits until its startup probe succeeds.
 *
 * @throws {GoogleError} if the container exits, or if the probe has not succeeded after
 *   `periodSeconds` × `failureThreshold`
 */
async function startRevision(
  name: string,
  project: string,
  container: Container,
  cloud: Cloud,
): Promise<Revision> {
  const port = await freePort();
  const child = await start(container, project, cloud, { PORT: String(port), K_SERVICE: name });
  child.stdout?.resume();
  child.stderr?.resume();
  const { httpGet, periodSeconds, failureThreshold } = container.startupProbe;
  const deadline = Date.now() + periodSeconds * failureThreshold * 1000;
  while (!(await isReady(port, httpGet.path))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGKILL');
      throw new GoogleError(
        400,
        `Revision '${name}' is not ready and cannot serve traffic. The container failed its startup probe.`,
      );
    }
    await setTimeout(100);
  }
  return { process: child, port };
}

async function end({ process: child }: Revision): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill('SIGTERM');
  await once(child, 'exit');
}

/** Returns the name of a revision from its full resource name `projects/.../revisions/NAME`. */
const revisionName = (resource: unknown) => String(resource).split('/').at(-1) as string;

/**
 * Routes each of the service's hosts to the revision that the traffic settings select for it.
 *
 * @param latest name of the newest revision, which is ready
 */
function route(service: Stored, latest: string): void {
  const { traffics = [{ percent: 100 }] } = service.inputs as { traffics?: Traffic[] };
  const [host] = (service.outputs['urls'] as string[]).map((url) => new URL(url).host);
  for (const { revision = latest, percent, tag } of traffics) {
    const port = revisions.get(keyOf(service, revision))?.port;
    if (port === undefined) continue;
    if (percent === 100) front.route(host as string, port);
    if (tag) front.route(`${tag}---${host}`, port);
  }
}

/** Calls the Firestore emulator as the owner of all databases. */
async function callEmulator<Result>(path: string, body?: unknown): Promise<Result> {
  const response = await fetch(`http://${emulator}/v1/${path}`, {
    headers: { Authorization: 'Bearer owner', 'Content-Type': 'application/json' },
    ...(body !== undefined && { method: 'POST', body: JSON.stringify(body) }),
  });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response.json() as Promise<Result>;
}

interface Page {
  readonly documents?: readonly { readonly name: string; readonly fields?: unknown }[];
  readonly nextPageToken?: string;
}

async function copyCollection(source: string, target: string, collection: string): Promise<void> {
  let token = '';
  do {
    const page = await callEmulator<Page>(
      `${source}/documents/${collection}?pageSize=300&pageToken=${token}`,
    );
    const writes = (page.documents ?? []).map(({ name, fields = {} }) => ({
      update: { name: name.replace(source, target), fields },
    }));
    await callEmulator(`${target}/documents:commit`, { writes });
    token = page.nextPageToken ?? '';
  } while (token !== '');
}

export const machinery: Machinery = {
  async copyDatabase(source, target) {
    const { collectionIds = [] } = await callEmulator<{ readonly collectionIds?: string[] }>(
      `${source}/documents:listCollectionIds`,
      {},
    );
    for (const collection of collectionIds) await copyCollection(source, target, collection);
  },

  async build(tags) {
    built ??= images.buildService('localhost/api', { bundle });
    await built;
    return await images.push('localhost/api', here(tags[0] as string));
  },

  imageExists(reference) {
    const [path = '', digest] = here(reference)
      .slice(registry.length + 1)
      .split('@');
    const accept = `Accept: ${manifestType}`;
    const url = `http://${registry}/v2/${path}/manifests/${digest}`;
    return (
      spawnSync('curl', ['--silent', '--fail', '--head', '--header', accept, url]).status === 0
    );
  },

  async deleteImages(address) {
    const images = `http://${here(address).replace('/', '/v2/')}/${imageName}`;
    const tags = await fetch(`${images}/tags/list`);
    const { tags: names } = (await tags.json()) as { readonly tags?: readonly string[] | null };
    for (const name of names ?? []) {
      const url = `${images}/manifests/${name}`;
      const { headers } = await fetch(url, { method: 'HEAD', headers: { Accept: manifestType } });
      const digest = headers.get('Docker-Content-Digest');
      // Another tag of the same image may have been deleted already.
      if (digest !== null) await fetch(`${images}/manifests/${digest}`, { method: 'DELETE' });
    }
  },

  async run(service, cloud) {
    const name = revisionName(service.outputs['latestCreatedRevision']);
    const template = service.inputs['template'] as { containers: Container[] };
    const key = keyOf(service, name);
    if (!revisions.has(key)) {
      const project = service.inputs['project'] as string;
      revisions.set(
        key,
        await startRevision(name, project, template.containers[0] as Container, cloud),
      );
    }
    route(service, name);
  },

  async execute(job, args, name, cloud) {
    const { template } = job.inputs['template'] as { template: { containers: Container[] } };
    const container = { ...(template.containers[0] as Container), args };
    const own = { CLOUD_RUN_JOB: String(job.inputs['name']), CLOUD_RUN_EXECUTION: name };
    const child = await start(container, String(job.inputs['project']), cloud, own);
    const printed: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr])
      stream?.on('data', (chunk: Buffer) => printed.push(chunk));
    const [exitCode] = (await once(child, 'close')) as [number | null];
    return {
      exitCode: exitCode ?? 1,
      lines: Buffer.concat(printed).toString().trimEnd().split('\n'),
    };
  },

  async stop(service) {
    const names = service.outputs['revisions'] as string[];
    for (const name of names) {
      const key = keyOf(service, revisionName(name));
      const revision = revisions.get(key);
      revisions.delete(key);
      if (revision) await end(revision);
    }
  },
};
