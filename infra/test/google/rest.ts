// The REST server of the fake, which gcloud calls. It uses the same data as the provider.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';
import { attestationRoutes } from './attestations.ts';
import type { Cloud } from './cloud.ts';
import { databaseRoutes } from './databases.ts';
import { GoogleError } from './error.ts';
import { executionRoutes } from './executions.ts';
import { forceRevision } from './resources/run.ts';

type Body = Readonly<Record<string, unknown>>;

export interface Route {
  /** Pattern of method and path. Its groups are passed to {@link answer}. */
  readonly pattern: RegExp;
  /** The API that must be enabled in the project. */
  readonly api: string;
  /**
   * Index of the group that matches the project. Defaults to the first group. If the group does not
   * exist, no API needs to be enabled.
   */
  readonly project?: number;
  answer(groups: readonly string[], body: Body, query: URLSearchParams): unknown;
}

/** Status names by HTTP status: https://cloud.google.com/apis/design/errors#error_model */
const statusNames: Readonly<Record<number, string>> = {
  400: 'INVALID_ARGUMENT',
  403: 'PERMISSION_DENIED',
  404: 'NOT_FOUND',
  409: 'ALREADY_EXISTS',
};

/**
 * Returns the routes of projects
 * (https://cloud.google.com/resource-manager/reference/rest/v1/projects/get) and their APIs
 * (https://cloud.google.com/service-usage/docs/reference/rest/v1/services).
 */
function projectRoutes(cloud: Cloud): Route[] {
  return [
    {
      pattern: /^GET \/v1\/projects\/([^/:]+)$/,
      api: 'cloudresourcemanager.googleapis.com',
      answer([name = '']) {
        const { id, number } = cloud.project(name);
        return { projectId: id, projectNumber: number, name: id, lifecycleState: 'ACTIVE' };
      },
    },
    {
      pattern: /^POST \/v1\/projects\/([^/]+)\/services\/([^/:]+):enable$/,
      api: 'serviceusage.googleapis.com',
      answer([name = '', service]) {
        cloud.enable(`${cloud.project(name).id}/${service}`);
        return { name: 'operations/noop.DONE_OPERATION', done: true };
      },
    },
    {
      pattern: /^POST \/v1\/projects\/([^/]+)\/services:batchEnable$/,
      api: 'serviceusage.googleapis.com',
      answer([name = ''], { serviceIds }) {
        for (const service of serviceIds as string[])
          cloud.enable(`${cloud.project(name).id}/${service}`);
        return { name: 'operations/noop.DONE_OPERATION', done: true };
      },
    },
  ];
}

/**
 * Returns the routes of workload identity pools and their providers. Google keeps deleted pools and
 * providers for 30 days:
 * https://cloud.google.com/iam/docs/reference/rest/v1/projects.locations.workloadIdentityPools/undelete
 */
function federationRoutes(cloud: Cloud): Route[] {
  const api = 'iam.googleapis.com';
  const path = '\\/v1\\/projects\\/([^/]+)\\/locations\\/global\\/(workloadIdentityPools\\/[^:]+)';
  const idOf = ([project = '', rest]: readonly string[]) =>
    `projects/${cloud.project(project).id}/locations/global/${rest}`;
  return [
    {
      pattern: new RegExp(`^GET ${path}$`),
      api,
      answer(groups) {
        const id = idOf(groups);
        if (cloud.resources.has(id)) return { name: id, state: 'ACTIVE' };
        if (cloud.deleted.has(id)) return { name: id, state: 'DELETED' };
        throw new GoogleError(404, 'Requested entity was not found.');
      },
    },
    {
      pattern: new RegExp(`^POST ${path}:undelete$`),
      api,
      answer(groups) {
        cloud.undelete(idOf(groups));
        return { name: `${idOf(groups)}/operations/undelete`, done: true };
      },
    },
  ];
}

/**
 * Returns the routes of secrets and their versions:
 * https://cloud.google.com/secret-manager/docs/reference/rest
 */
function secretRoutes(cloud: Cloud): Route[] {
  const api = 'secretmanager.googleapis.com';
  const idOf = (project = '', secret = '') =>
    `projects/${cloud.project(project).id}/secrets/${secret}`;
  const nameOf = (id: string) =>
    id.replace(
      /^projects\/([^/]+)/,
      (_, project: string) => `projects/${cloud.project(project).number}`,
    );
  const secretOf = (id: string) => {
    if (!cloud.secrets.has(id)) throw new GoogleError(404, `Secret [${nameOf(id)}] not found.`);
    return { name: nameOf(id), replication: { automatic: {} } };
  };
  const versionOf = (id: string) => {
    const found = cloud.secretVersions.get(id);
    if (found === undefined)
      throw new GoogleError(404, `Secret Version [${nameOf(id)}] not found.`);
    return { name: nameOf(id), state: found.enabled ? 'ENABLED' : 'DISABLED' };
  };
  const path = '\\/v1\\/projects\\/([^/]+)\\/secrets';
  return [
    {
      pattern: new RegExp(`^GET ${path}$`),
      api,
      answer: ([project]) => ({
        secrets: [...cloud.secrets].filter((id) => id.startsWith(idOf(project))).map(secretOf),
      }),
    },
    {
      pattern: new RegExp(`^POST ${path}$`),
      api,
      answer([project], _body, query) {
        const id = idOf(project, query.get('secretId') ?? '');
        if (cloud.secrets.has(id))
          throw new GoogleError(409, `Secret [${nameOf(id)}] already exists.`);
        cloud.secrets.add(id);
        return secretOf(id);
      },
    },
    {
      pattern: new RegExp(`^GET ${path}\\/([^/:]+)$`),
      api,
      answer: ([project, secret]) => secretOf(idOf(project, secret)),
    },
    {
      pattern: new RegExp(`^POST ${path}\\/([^/:]+):addVersion$`),
      api,
      answer([project, secret], { payload }) {
        const id = idOf(project, secret);
        secretOf(id);
        const { data, dataCrc32c } = payload as {
          readonly data: string;
          readonly dataCrc32c?: string;
        };
        const number = cloud.addSecretVersion(id, Buffer.from(data, 'base64').toString());
        return {
          ...versionOf(`${id}/versions/${number}`),
          clientSpecifiedPayloadChecksum: dataCrc32c !== undefined,
        };
      },
    },
    {
      pattern: new RegExp(`^GET ${path}\\/([^/]+)\\/versions$`),
      api,
      answer([project, secret]) {
        const id = idOf(project, secret);
        secretOf(id);
        const versions = [...cloud.secretVersions.keys()].filter((name) =>
          name.startsWith(`${id}/`),
        );
        // Google lists the newest version first.
        return { versions: versions.reverse().map(versionOf), totalSize: versions.length };
      },
    },
    {
      pattern: new RegExp(`^GET ${path}\\/([^/]+)\\/versions\\/(\\d+):access$`),
      api,
      answer([project, secret, number]) {
        const id = `${idOf(project, secret)}/versions/${number}`;
        const { name, state } = versionOf(id);
        if (state !== 'ENABLED')
          throw new GoogleError(400, `Secret Version [${name}] is in ${state} state.`);
        const value = cloud.secretVersions.get(id)?.value ?? '';
        return { name, payload: { data: Buffer.from(value).toString('base64') } };
      },
    },
    {
      pattern: new RegExp(`^POST ${path}\\/([^/]+)\\/versions\\/(\\d+):(enable|disable)$`),
      api,
      answer([project, secret, number, verb]) {
        const id = `${idOf(project, secret)}/versions/${number}`;
        versionOf(id);
        const found = cloud.secretVersions.get(id);
        if (found) found.enabled = verb === 'enable';
        return versionOf(id);
      },
    },
  ];
}

/**
 * Returns the routes of Cloud Run services:
 * https://cloud.google.com/run/docs/reference/rest/v2/projects.locations.services
 */
function runRoutes(cloud: Cloud): Route[] {
  const api = 'run.googleapis.com';
  const path = '\\/v2\\/(projects\\/([^/]+)\\/locations\\/[^/]+\\/services\\/[^/:]+)';
  const required = (id = '') => {
    const stored = cloud.resources.get(id);
    if (stored === undefined) throw new GoogleError(404, `Resource '${id}' was not found`);
    return stored;
  };
  const operations = new Map<string, unknown>();
  return [
    {
      pattern: new RegExp(`^GET ${path}$`),
      api,
      project: 1,
      answer([name]) {
        const { inputs, outputs } = required(name);
        const { latestCreatedRevision, latestReadyRevision } = outputs;
        return {
          name,
          template: inputs['template'],
          latestCreatedRevision,
          ...(latestReadyRevision !== '' && { latestReadyRevision }),
        };
      },
    },
    {
      pattern: new RegExp(`^PATCH ${path}$`),
      api,
      project: 1,
      async answer([id = ''], { template }, query) {
        const stored = required(id);
        if (
          query.get('forceNewRevision') !== 'true' ||
          query.get('updateMask') !== 'template' ||
          !isDeepStrictEqual(template, stored.inputs['template'])
        )
          throw new GoogleError(400, 'The fake only starts another revision of the same template.');
        const name = `${id.replace(/\/services.*/, '')}/operations/${randomUUID()}`;
        const error = await forceRevision(stored, cloud).catch(({ message }) => ({ message }));
        operations.set(name, { name, done: true, ...(error && { error }) });
        return { name };
      },
    },
    {
      pattern: /^GET \/v2\/(projects\/([^/]+)\/locations\/[^/]+\/operations\/[^/:]+)$/,
      api,
      project: 1,
      answer: ([name = '']) => operations.get(name),
    },
    {
      pattern: new RegExp(`^DELETE ${path}$`),
      api,
      project: 1,
      answer([id = '']) {
        required(id);
        cloud.resources.delete(id);
        return { name: `${id.replace(/\/services.*/, '')}/operations/delete`, done: true };
      },
    },
  ];
}

/**
 * Returns the routes of buckets and the objects in them:
 * https://cloud.google.com/storage/docs/json_api/v1
 */
function bucketRoutes(cloud: Cloud): Route[] {
  const api = 'storage.googleapis.com';
  const bucket = /^(?:GET|PATCH) \/storage\/v1\/b\/([^/]+)$/;
  return [
    {
      pattern: bucket,
      api,
      // Names are global, so the path of a bucket contains no project.
      project: 1,
      answer([name = '']) {
        const project = cloud.buckets.get(name);
        if (project === undefined)
          throw new GoogleError(404, 'The specified bucket does not exist.');
        const projectNumber = cloud.project(project).number;
        return { kind: 'storage#bucket', id: name, name, projectNumber, location: 'US-CENTRAL1' };
      },
    },
    {
      pattern: /^POST \/storage\/v1\/b$/,
      api,
      answer(_groups, { name }, query) {
        const project = cloud.project(query.get('project') ?? '').id;
        cloud.requireApi(project, api);
        if (cloud.buckets.has(String(name)))
          throw new GoogleError(409, 'The requested bucket name is not available.');
        cloud.buckets.set(String(name), project);
        return { kind: 'storage#bucket', id: name, name };
      },
    },
    {
      pattern: /^GET \/storage\/v1\/b\/([^/]+)\/o$/,
      api,
      project: 1,
      answer([bucket], _body, query) {
        const start = `${bucket}/${query.get('prefix') ?? ''}`;
        const names = [...cloud.objects.keys()].filter((name) => name.startsWith(start));
        // Without objects, the response has no field `items`.
        if (names.length === 0) return { kind: 'storage#objects' };
        const items = names.map((name) => ({ bucket, name: name.slice(`${bucket}/`.length) }));
        return { kind: 'storage#objects', items };
      },
    },
    {
      pattern: /^GET \/storage\/v1\/b\/([^/]+\/)o\/(.+)$/,
      api,
      project: 2,
      answer([bucket = '', name = ''], _body, query) {
        const content = cloud.objects.get(bucket + name);
        if (content === undefined) throw new GoogleError(404, `No such object: ${bucket}${name}`);
        return query.get('alt') === 'media' ? content : { name };
      },
    },
  ];
}

async function answerTo(
  request: IncomingMessage,
  routes: readonly Route[],
  cloud: Cloud,
): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://google');
  const body = await text(request);
  const line = `${request.method} ${decodeURIComponent(pathname)}`;
  for (const { pattern, api, answer, project = 0 } of routes) {
    const groups = pattern.exec(line)?.slice(1);
    if (groups === undefined) continue;
    if (!request.headers.authorization)
      throw new GoogleError(401, 'Request is missing required authentication credential.');
    if (groups[project] !== undefined) cloud.requireApi(groups[project], api);
    return answer(groups, body ? JSON.parse(body) : {}, searchParams);
  }
  throw new GoogleError(404, `The fake does not know ${line}.`);
}

/**
 * Serves the REST APIs on a loopback port.
 *
 * @returns the base URL, with a trailing slash
 */
export async function serveRest(cloud: Cloud): Promise<string> {
  const routes = [
    ...projectRoutes(cloud),
    ...federationRoutes(cloud),
    ...secretRoutes(cloud),
    ...attestationRoutes(cloud),
    ...executionRoutes(cloud),
    ...runRoutes(cloud),
    ...bucketRoutes(cloud),
    ...databaseRoutes(cloud),
  ];
  const server = createServer(async (request, response) => {
    response.setHeader('Content-Type', 'application/json');
    try {
      response.end(JSON.stringify(await answerTo(request, routes, cloud)));
    } catch (error) {
      const { status: code = 500, message } = error as GoogleError;
      response
        .writeHead(code)
        .end(JSON.stringify({ error: { code, message, status: statusNames[code] } }));
    }
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}
