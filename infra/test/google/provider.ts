import { isSame, isSameDocument, readBack } from './answers.ts';
import { publicKeyOf } from './attestations.ts';
import type { Cloud, Fault, Stored } from './cloud.ts';
import { GoogleError } from './error.ts';
import { authorizeDeployment, authorizeLookUp, authorizeOperation } from './iam.ts';
import type { Properties, ResourceType } from './resource-type.ts';
import { resourceTypes } from './resources/index.ts';
import { markSecrets, openSecrets } from './secret-values.ts';
import { argumentsOf, problemsOf, replacingArguments } from './validate.ts';

/**
 * Returns the resource type in a URN of the form `urn:pulumi:STACK::PROJECT::PARENT$TYPE::NAME`.
 */
const tokenOf = (urn: string) => urn.split('::')[2]?.split('$').at(-1) as string;

function typeOf(token: string): ResourceType {
  const type = resourceTypes[token];
  if (type === undefined)
    throw new Error(`The fake Google does not know the resource type ${token}.`);
  return type;
}

const projectOf = (inputs: Properties) => inputs['project'] as string | undefined;

/** Resolves after a number of milliseconds, or as soon as a test calls `goOn`. */
async function later(milliseconds: number, cloud: Cloud): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  cloud.delays.add(resolve);
  await promise;
  cloud.delays.delete(resolve);
  clearTimeout(timer);
}

/**
 * Applies a fault of kind `status` or `delay`, which occurs before Google processes the request.
 * Ignores other faults.
 */
async function failBefore(fault: Fault | undefined, cloud: Cloud): Promise<void> {
  if (fault?.kind === 'status')
    throw new GoogleError(fault.status ?? 500, fault.message ?? 'Internal error, on demand.');
  if (fault?.kind === 'delay') await later(fault.milliseconds ?? 1000, cloud);
}

function failAfter(fault: Fault | undefined): void {
  if (fault?.kind === 'lost')
    throw new Error('Post "https://googleapis": read: connection reset by peer');
}

/**
 * Returns an error that tells the engine that the resource exists although the operation failed.
 * The engine then keeps the resource in its state.
 */
function unfinished(error: Error, id: string, properties: Properties): Error {
  return Object.assign(error, { id, properties, reasons: [error.message] });
}

/** Returns a copy of the properties without those that Google added to arguments. */
function withoutComputed(properties: Properties, { computed = [] }: ResourceType): Properties {
  const result = { ...properties };
  for (const path of computed) {
    const [argument, property] = path.split('.') as [string, string];
    const { [property]: _added, ...given } = (result[argument] ?? {}) as Properties;
    result[argument] = given;
  }
  return result;
}

/**
 * Returns the stored properties of the resource that the arguments of a lookup function identify.
 */
function find(token: string, inputs: Properties, cloud: Cloud): Properties {
  const type = typeOf(token);
  if (type.api) cloud.requireApi(String(inputs['project']), type.api);
  const id = type.id(inputs, cloud);
  const stored = cloud.resources.get(id);
  if (stored === undefined) throw new Error(`${id} not found`);
  return { ...readBack(stored.outputs), id };
}

type Invoke = (inputs: Properties, cloud: Cloud) => Properties;

const invokes: Readonly<Record<string, Invoke>> = {
  'gcp:kms/getKeyRings:getKeyRings': ({ project, location }, cloud) => {
    cloud.requireApi(String(project), 'cloudkms.googleapis.com');
    const keyRings = cloud
      .of('gcp:kms/keyRing:KeyRing')
      .filter(({ inputs }) => inputs['project'] === project && inputs['location'] === location)
      .map(({ id, inputs }) => ({ id, name: inputs['name'] }));
    return {
      id: `projects/${project}/locations/${location}/keyRings`,
      project,
      location,
      keyRings,
    };
  },
  'gcp:kms/getCryptoKeys:getCryptoKeys': ({ keyRing }, cloud) => ({
    id: keyRing,
    keyRing,
    keys: cloud
      .of('gcp:kms/cryptoKey:CryptoKey')
      .filter(({ inputs }) => inputs['keyRing'] === keyRing)
      .map(({ id, inputs }) => ({ id, name: inputs['name'], purpose: inputs['purpose'] })),
  }),
  'gcp:kms/getKMSCryptoKeyVersion:getKMSCryptoKeyVersion': ({ cryptoKey }, cloud) => {
    const name = `${cryptoKey}/cryptoKeyVersions/1`;
    const pem = publicKeyOf(name, cloud);
    const algorithm = 'EC_SIGN_P256_SHA256';
    return {
      id: `//cloudkms.googleapis.com/v1/${name}`,
      name,
      cryptoKey,
      version: 1,
      state: 'ENABLED',
      protectionLevel: 'SOFTWARE',
      algorithm,
      publicKeys: [{ algorithm, pem }],
    };
  },
  // Returns the token of the account that runs the program.
  'gcp:organizations/getClientConfig:getClientConfig': () => ({
    id: 'client-config',
    accessToken: 'a-token-of-the-tests',
  }),
  'gcp:organizations/getProject:getProject': ({ projectId }, cloud) => {
    const { id, number } = cloud.project(String(projectId));
    // Like the real provider, returns the requested project id, even if a project number was
    // requested.
    return {
      projectId,
      number,
      name: id,
      id: `projects/${id}`,
      labels: {},
      deletionPolicy: 'PREVENT',
    };
  },
  'gcp:secretmanager/getSecretVersion:getSecretVersion': (
    { project, secret, version, fetchSecretData },
    cloud,
  ) => {
    cloud.requireApi(String(project), 'secretmanager.googleapis.com');
    const name = `projects/${project}/secrets/${secret}/versions/${version}`;
    const found = cloud.secretVersions.get(name);
    if (!found) throw new GoogleError(404, `Secret Version [${name}] not found.`);
    return {
      name,
      secret,
      version,
      project,
      enabled: found.enabled,
      secretData: fetchSecretData === false ? '' : found.value,
    };
  },
  'gcp:iam/getWorkloadIdentityPool:getWorkloadIdentityPool': (inputs, cloud) =>
    find('gcp:iam/workloadIdentityPool:WorkloadIdentityPool', inputs, cloud),
  'gcp:iam/getWorkloadIdentityPoolProvider:getWorkloadIdentityPoolProvider': (inputs, cloud) =>
    find('gcp:iam/workloadIdentityPoolProvider:WorkloadIdentityPoolProvider', inputs, cloud),
};

/**
 * Types that run containers. A resource of such a type exists even if its create operation fails.
 */
const workloads = ['gcp:cloudrunv2/service:Service', 'gcp:cloudrunv2/job:Job'];

/**
 * Returns a Pulumi provider that behaves like the real one but calls {@link Cloud} instead of
 * Google.
 */
export function provider(cloud: Cloud) {
  const store = (token: string, id: string, inputs: Properties, outputs: Properties): Stored => {
    const created = cloud.resources.get(id)?.created ?? cloud.now();
    const all = { ...inputs, ...outputs, __given: Object.keys(inputs) };
    const stored = { type: token, id, created, inputs, outputs: all };
    cloud.resources.set(id, stored);
    return stored;
  };
  /**
   * Returns a resource's properties as read from Google. Properties that are secret in `like` are
   * marked as secret.
   */
  const propertiesOf = ({ type, outputs }: Stored, like: Properties): Properties =>
    markSecrets(readBack(outputs, typeOf(type).documents), like);
  const inputsOf = ({ type, inputs }: Stored, like: Properties): Properties =>
    markSecrets(readBack(inputs, typeOf(type).documents), like);

  return {
    version: '9.37.0',

    async check(urn: string, _olds: Properties, news: Properties) {
      const token = tokenOf(urn);
      if (token.startsWith('pulumi:providers:')) return { inputs: news };
      const type = typeOf(token);
      const plain = openSecrets(news);
      const failures = [...problemsOf(token, type, plain), ...(type.check?.(plain) ?? [])];
      return {
        inputs: news,
        failures: failures.map((reason) => ({
          property: reason.split(/[ .[]/)[0] as string,
          reason,
        })),
      };
    },

    async diff(_id: string, urn: string, markedOlds: Properties, markedNews: Properties) {
      const token = tokenOf(urn);
      const type = typeOf(token);
      const [olds, news] = [
        withoutComputed(openSecrets(markedOlds), type),
        openSecrets(markedNews),
      ];
      // If the program never set an argument, Google chooses its value. A difference in such an
      // argument is not a change.
      const given = [...((olds['__given'] as string[] | undefined) ?? []), ...Object.keys(news)];
      const isUnchanged = (name: string) =>
        type.documents?.includes(name) && typeof olds[name] === 'string'
          ? isSameDocument(olds[name], String(news[name]))
          : isSame(olds[name], news[name]);
      const changed = Object.keys(argumentsOf(token)).filter(
        (name) => given.includes(name) && !isUnchanged(name),
      );
      const replacing = replacingArguments(token, type);
      const replaces = changed.filter((name) => replacing.includes(name));
      const differs = changed.length > 0 || type.differs?.(olds, news) === true;
      return { changes: differs, replaces, deleteBeforeReplace: false };
    },

    async create(urn: string, marked: Properties) {
      const inputs = openSecrets(marked);
      const token = tokenOf(urn);
      const type = typeOf(token);
      cloud.calls.push(`create ${token}`);
      const fault = cloud.takeFault(token, 'create');
      await failBefore(fault, cloud);
      authorizeOperation(cloud, token, 'create', undefined, inputs);
      if (workloads.includes(token)) authorizeDeployment(cloud, inputs);
      const project = projectOf(inputs);
      if (project !== undefined && type.api) cloud.requireApi(project, type.api);
      await type.prepare?.(inputs, cloud);
      const id = type.id(inputs, cloud);
      if (cloud.resources.has(id) && !type.idempotent)
        throw (
          type.conflict?.(inputs) ??
          new GoogleError(409, `Resource '${id}' already exists. alreadyExists`)
        );
      const kept = cloud.deleted.get(id);
      if (kept !== undefined && type.keeps) {
        const left = type.keeps.seconds - (cloud.now() - kept.since) / 1000;
        const refusal = left > 0 ? type.keeps.refusal(id, Math.ceil(left)) : undefined;
        if (refusal) throw refusal;
        cloud.deleted.delete(id);
      }
      type.admit?.(inputs, cloud, undefined);
      const stored = store(token, id, inputs, type.outputs?.(inputs, cloud, undefined, id) ?? {});
      try {
        if (fault?.kind === 'unready')
          throw new GoogleError(400, `Revision of ${id} is not ready.`);
        await type.afterWrite?.(stored, cloud);
      } catch (error) {
        if (!workloads.includes(token)) {
          cloud.resources.delete(id);
          throw error;
        }
        // The service exists even if its revision does not start. The provider has set its id but
        // has not read it, so the state has none of the values that Google computes.
        const computed = Object.keys(stored.outputs).filter(
          (name) => !(name in argumentsOf(token)),
        );
        const unread = Object.fromEntries(computed.map((name) => [name, null]));
        const sent = { ...propertiesOf(stored, marked), ...unread };
        throw unfinished(error as Error, id, sent);
      }
      failAfter(fault);
      return { id, outs: propertiesOf(stored, marked) };
    },

    async read(id: string, urn: string, props: Properties) {
      const stored = cloud.resources.get(id);
      authorizeOperation(cloud, tokenOf(urn), 'read', id, stored?.inputs ?? openSecrets(props));
      if (stored === undefined && !typeOf(tokenOf(urn)).abandons?.(props))
        return { id: '', props: {} };
      return stored === undefined
        ? { id, props }
        : { id, props: propertiesOf(stored, props), inputs: inputsOf(stored, props) };
    },

    async update(id: string, urn: string, markedOlds: Properties, marked: Properties) {
      const [olds, news] = [openSecrets(markedOlds), openSecrets(marked)];
      const token = tokenOf(urn);
      const type = typeOf(token);
      cloud.calls.push(`update ${token}`);
      const fault = cloud.takeFault(token, 'update', id);
      await failBefore(fault, cloud);
      const before = cloud.resources.get(id);
      authorizeOperation(cloud, token, 'update', id, news);
      if (workloads.includes(token)) authorizeDeployment(cloud, news, before?.inputs);
      if (before === undefined) throw new GoogleError(404, `Resource '${id}' was not found.`);
      if (
        workloads.includes(token) &&
        Object.keys(argumentsOf(token)).every((name) => isSame(olds[name], news[name]))
      )
        return { outs: propertiesOf(before, marked) };
      await type.prepare?.(news, cloud);
      type.admit?.(news, cloud, before);
      const stored = store(token, id, news, type.outputs?.(news, cloud, before, id) ?? {});
      try {
        if (fault?.kind === 'unready')
          throw new GoogleError(400, `Revision of ${id} is not ready.`);
        await type.afterWrite?.(stored, cloud);
      } catch (error) {
        // Like the real provider, stores the values that were sent. The next update starts from
        // them.
        throw unfinished(error as Error, id, propertiesOf(stored, marked));
      }
      failAfter(fault);
      return { outs: propertiesOf(stored, marked) };
    },

    async delete(id: string, urn: string, props: Properties) {
      const token = tokenOf(urn);
      const type = typeOf(token);
      cloud.calls.push(`delete ${token}`);
      const fault = cloud.takeFault(token, 'delete', id);
      await failBefore(fault, cloud);
      const stored = cloud.resources.get(id);
      authorizeOperation(cloud, token, 'delete', id, stored?.inputs ?? openSecrets(props));
      const reason = type.protectedBy?.(props);
      if (reason) throw new Error(`cannot destroy ${id}: ${reason}`);
      if (stored === undefined || type.abandons?.(props)) return;
      const refused = type.refusesDelete?.(stored, cloud);
      if (refused) throw new GoogleError(400, refused);
      cloud.resources.delete(id);
      if (type.keeps) cloud.deleted.set(id, { ...stored, since: cloud.now() });
      await type.afterDelete?.(stored, cloud);
      failAfter(fault);
    },

    async invoke(token: string, inputs: Properties) {
      const answer = invokes[token];
      if (answer === undefined)
        throw new Error(`The fake Google does not know the function ${token}.`);
      authorizeLookUp(cloud, token, inputs);
      return { outputs: answer(inputs, cloud) };
    },
  };
}
