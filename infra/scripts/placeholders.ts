/** Values that have the form of the secrets and are none. */
const keyPeppers = `placeholder:${Buffer.alloc(32, 'placeholder').toString('base64')}`;
const jwtSecrets = 'placeholder'.repeat(4);
const password = 'placeholder';

/** What the encrypted settings of a stack are replaced by, by key. @param settings the text of its file */
export function placeholders(settings: string): Readonly<Record<string, string>> {
  const onJwks = /^ *andamio:jwksUrl:/m.test(settings);
  return {
    'andamio:keyPeppers': keyPeppers,
    ...(!onJwks && !/^ *andamio:owns: *project/m.test(settings) && { 'andamio:jwtSecrets': jwtSecrets }),
  };
}

interface Resource {
  readonly urn: string;
  readonly outputs?: Readonly<Record<string, unknown>>;
}

interface Checkpoint {
  readonly version: number;
  readonly checkpoint: {
    readonly latest: { readonly resources?: readonly Resource[]; readonly secrets_providers?: unknown };
  };
}

/** How state marks a value that is encrypted. */
const mark = '4dabf18193072939515e22adb298388d';

const isSecret = (value: object): boolean => mark in value && 'ciphertext' in value;

/** Replaces every encrypted value in a tree; which secret it is, the resource's name tells. */
function replaceSecrets(value: unknown, placeholder: string): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (isSecret(value))
    return { [mark]: (value as Record<string, unknown>)[mark], plaintext: JSON.stringify(placeholder) };
  if (Array.isArray(value)) return value.map((each) => replaceSecrets(each, placeholder));
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, replaceSecrets(member, placeholder)]));
}

/**
 * A checkpoint as `pulumi stack import` takes it, each secret replaced by a placeholder: nothing in it needs the key that the
 * state is encrypted with.
 *
 * @param salt of the stack that takes it, as its settings name it
 */
export function withoutSecrets(state: unknown, salt: string): unknown {
  const { version, checkpoint } = state as Checkpoint;
  const { secrets_providers: _provider, ...latest } = checkpoint.latest;
  const resources = latest.resources ?? [];
  const redis = resources.find(({ urn }) => urn.includes('gcp:redis/instance:Instance::'))?.outputs;
  const byName: Record<string, string> = {
    'key-peppers-version': keyPeppers,
    'jwt-secrets-version': jwtSecrets,
    'redis-url-version': `rediss://:${password}@${redis?.['host']}:${redis?.['port']}`,
  };
  return {
    version,
    deployment: {
      ...latest,
      secrets_providers: { type: 'passphrase', state: { salt } },
      resources: resources.map((resource) =>
        replaceSecrets(resource, byName[resource.urn.split('::').at(-1) as string] ?? password),
      ),
    },
  };
}
