import { parseSettings } from '@andamio/schema/settings';
import { describe, expect, test } from 'vitest';
import { ensure, type StackSecret, take, type Vault } from '../scripts/lib/secret-rotation.ts';
import { serviceSecrets } from '../settings/service-variables.ts';

/**
 * A secret in memory that behaves like Secret Manager: version numbers increase by one, and
 * disabled versions cannot be read.
 */
class MemoryVault implements Vault {
  readonly id = 'andamio-api-key-peppers';
  readonly project = 'my-project';
  stored: { value: string; enabled: boolean }[] | undefined;
  /** The version that all instances of the service use. */
  deployed: number | undefined;
  /**
   * Simulates a concurrent run. It is called after a version is read and before the next one is
   * added.
   */
  meanwhile: (() => void) | undefined;

  create() {
    this.stored ??= [];
  }
  versions() {
    return this.stored?.map(({ enabled }, index) => ({ number: index + 1, enabled })).reverse();
  }
  access(version: number) {
    const found = this.stored?.[version - 1];
    if (!found?.enabled) throw new Error(`Version ${version} cannot be read.`);
    return found.value;
  }
  add(value: string) {
    this.meanwhile?.();
    if (this.stored === undefined) throw new Error('The secret does not exist.');
    return this.stored.push({ value, enabled: true });
  }
  disable(version: number) {
    const found = this.stored?.[version - 1];
    if (found) found.enabled = false;
  }
  /** Returns the pepper names in each enabled version. */
  names() {
    return (this.stored ?? [])
      .filter(({ enabled }) => enabled)
      .map(({ value }) => value.split(',').map((entry) => entry.split(':')[0]));
  }
}

/** Creates a checkout with a stack's file that contains the settings of one secret. */
function checkout(vault: MemoryVault, name = 'key-peppers') {
  const file: { version?: number; interrupted?: boolean } = {};
  const of: StackSecret = {
    stack: 'dev',
    secret: serviceSecrets.find((each) => each.name === name) as StackSecret['secret'],
    vault,
    pinned: () => file.version,
    pin(version) {
      if (file.interrupted) throw new Error('interrupted');
      file.version = version;
    },
    deployed: () => vault.deployed,
  };
  /** Deploys the version in the stack's file. */
  const up = () => {
    vault.deployed = file.version;
  };
  return { file, of, up };
}

const pepper = (name: string) => `${name}:${Buffer.alloc(32, name).toString('base64')}`;

/** Creates a checkout whose stack's file selects the only version of a secret, which is deployed. */
function deployedWith(value: string, name = 'key-peppers') {
  const vault = new MemoryVault();
  vault.stored = [{ value, enabled: true }];
  const made = checkout(vault, name);
  ensure(made.of);
  made.up();
  return { vault, ...made };
}

describe('a rotation of peppers', () => {
  test('takes two updates, so that all instances can verify keys before the first key uses the new pepper', () => {
    const vault = new MemoryVault();
    const { file, of, up } = checkout(vault);
    vault.stored = [{ value: pepper('old'), enabled: true }];
    expect(() => take(of, '--add-pepper')).toThrow('npx -y pnpm@12 secrets:generate dev');
    ensure(of);
    expect(() => take(of, '--add-pepper')).toThrow('Version 1 of the secret');
    up();
    expect(() => take(of, '--promote-pepper')).toThrow('There is only one pepper');
    expect(() => take(of, '--drop-pepper')).toThrow('cannot be dropped');

    take(of, '--add-pepper');
    const [, added] = vault.names()[1] as [string, string];
    for (const early of ['--promote-pepper', '--drop-pepper'])
      expect(() => take(of, early)).toThrow(
        'Version 2 of the secret andamio-api-key-peppers is not deployed to all instances yet',
      );
    up();
    expect(() => take(of, '--drop-pepper')).toThrow(
      `Pepper ${added} was added and is not promoted yet`,
    );
    take(of, '--promote-pepper');
    expect(() => take(of, '--drop-pepper')).toThrow('not deployed to all instances yet');
    up();
    take(of, '--drop-pepper');
    // Earlier versions remain readable for the revisions that use them.
    expect([file.version, vault.names()]).toEqual([
      4,
      [['old'], ['old', added], [added, 'old'], [added]],
    ]);
    for (const { value } of vault.stored)
      expect(parseSettings({ KEY_PEPPERS: value }).ok).toBe(true);
  });

  test('drops the named pepper of several earlier ones', () => {
    const { vault, of, up } = deployedWith(
      ['20260301', '20250201', '20240101'].map(pepper).join(','),
    );
    expect(() => take(of, '--drop-pepper')).toThrow('--drop-pepper 20250201 | 20240101');
    expect(() => take(of, '--drop-pepper', '20260301')).toThrow('new keys are created with it');
    take(of, '--drop-pepper', '20250201');
    expect(vault.names().at(-1)).toEqual(['20260301', '20240101']);
    expect(take(of, '--drop-pepper', '20250201')).toContain('Nothing was changed');
    up();
    expect(() => take(of, '--drop-pepper', '20250201')).toThrow(
      'There is no pepper 20250201. The peppers are: 20260301, 20240101.',
    );
    expect(vault.names()).toHaveLength(2);
  });

  test.each([
    ['of the same day', new Date().toISOString().slice(0, 10).replaceAll('-', '')],
    ['of a machine whose clock is ahead', '29991231'],
    ['that follows a dropped one of the same day', '29991231d'],
  ])('gives a pepper a later name than a pepper %s', (_, name) => {
    const { vault, of, up } = deployedWith(pepper(name));
    take(of, '--add-pepper');
    const [, added = ''] = vault.names().at(-1) as string[];
    expect(added > name).toBe(true);
    up();
    take(of, '--promote-pepper');
    expect(vault.names().at(-1)).toEqual([added, name]);
  });

  test('does not promote a pepper that --add-pepper did not add', () => {
    const { of } = deployedWith(`${pepper('one')},${pepper('two')}`);
    expect(() => take(of, '--promote-pepper')).toThrow('Pepper one is already the first');
  });

  test('fails the later of two concurrent first runs', () => {
    const vault = new MemoryVault();
    const [one, other] = [checkout(vault), checkout(vault)];
    vault.meanwhile = () => {
      vault.meanwhile = undefined;
      ensure(other.of);
    };
    vault.create();
    expect(() => ensure(one.of)).toThrow('at the same time');
    ensure(one.of);
    expect([one.file.version, other.file.version, vault.names().length]).toEqual([1, 1, 1]);
  });

  test('fails the later of two concurrent runs, which uses the version of the earlier when it is repeated', () => {
    const vault = new MemoryVault();
    const [one, other] = [checkout(vault), checkout(vault)];
    ensure(one.of);
    ensure(other.of);
    one.up();
    vault.meanwhile = () => {
      vault.meanwhile = undefined;
      take(other.of, '--add-pepper');
    };
    expect(() => take(one.of, '--add-pepper')).toThrow('at the same time');
    expect([one.file.version, other.file.version, vault.names().length]).toEqual([1, 2, 2]);
    // The colleague may have deployed the version in the meantime.
    other.up();
    take(one.of, '--add-pepper');
    expect([one.file.version, vault.names().length]).toEqual([2, 2]);
  });

  test.each([1, 2, 3])(
    'refuses to replace a newer version that is not the result of its step, while version %i is deployed',
    (deployed) => {
      const vault = new MemoryVault();
      const [one, other] = [checkout(vault), checkout(vault)];
      ensure(one.of);
      ensure(other.of);
      for (const step of ['--add-pepper', '--promote-pepper']) {
        other.up();
        take(other.of, step);
      }
      vault.deployed = deployed;
      for (const step of ['--add-pepper', '--promote-pepper', '--drop-pepper'])
        expect(() => take(one.of, step)).toThrow(
          'gcloud secrets versions disable 3 --secret=andamio-api-key-peppers --project=my-project',
        );
      expect([one.file.version, vault.names().length]).toEqual([1, 3]);
    },
  );

  test('creates no version if all versions are disabled, or if the configured version is missing', () => {
    const vault = new MemoryVault();
    vault.stored = [{ value: pepper('a'), enabled: false }];
    const { file, of } = checkout(vault);
    expect(() => ensure(of)).toThrow(
      'gcloud secrets versions enable VERSION --secret=andamio-api-key-peppers',
    );
    file.version = 1;
    expect(() => ensure(of)).toThrow(
      'gcloud secrets versions enable 1 --secret=andamio-api-key-peppers --project=my-project',
    );
    file.version = 7;
    expect(() => ensure(of)).toThrow(
      'gcloud secrets versions list andamio-api-key-peppers --project=my-project',
    );
    expect(vault.stored).toHaveLength(1);
  });
});

/** The steps of all rotations, each with a value from which it is possible. */
const rotations: [step: string, secret: string, value: string | undefined][] = [
  ['--add-pepper', 'key-peppers', pepper('20250101')],
  ['--promote-pepper', 'key-peppers', `${pepper('20250101')},${pepper('20260202')}`],
  ['--drop-pepper', 'key-peppers', `${pepper('20260202')},${pepper('20250101')}`],
  ['--add-jwt-secret', 'jwt-secrets', 'a'.repeat(32)],
  ['--drop-jwt-secret', 'jwt-secrets', `${'a'.repeat(32)},${'b'.repeat(32)}`],
  ['--add-guard-secret', 'guard-secrets', undefined],
  ['--add-guard-secret', 'guard-secrets', 'a'.repeat(32)],
  ['--drop-guard-secret', 'guard-secrets', `${'a'.repeat(32)},${'b'.repeat(32)}`],
];

describe.each(rotations)('%s of %s', (step, secret, value) => {
  function prepared() {
    if (value !== undefined) return deployedWith(value, secret);
    const vault = new MemoryVault();
    return { vault, ...checkout(vault, secret) };
  }

  test('is completed by a second run if the first was interrupted before it set the version number', () => {
    const { vault, file, of } = prepared();
    file.interrupted = true;
    expect(() => take(of, step)).toThrow('interrupted');
    const after = structuredClone(vault.stored);
    file.interrupted = false;
    take(of, step);
    expect([file.version, vault.stored]).toEqual([after?.length, after]);
  });

  test('changes nothing when it is repeated before the update, and says so', () => {
    const { vault, file, of } = prepared();
    expect(take(of, step)).toBeUndefined();
    const after = structuredClone(vault.stored);
    expect(take(of, step)).toContain(
      `Nothing was changed: version ${file.version} of the secret andamio-api-key-peppers is already the result of ${step}.`,
    );
    expect([file.version, vault.stored]).toEqual([after?.length, after]);
  });

  test('is refused when it is repeated after the update', () => {
    const { vault, file, of, up } = prepared();
    // The first guard secret begins no rotation, so the step can follow once more.
    if (value === undefined) {
      take(of, step);
      up();
    }
    take(of, step);
    up();
    const after = structuredClone(vault.stored);
    expect(() => take(of, step)).toThrow(
      /is not promoted yet|is already the first|cannot be dropped|There are already 2/,
    );
    expect([file.version, vault.stored]).toEqual([after?.length, after]);
  });
});

test('completes a first run that was interrupted before it set the version number', () => {
  const vault = new MemoryVault();
  const { file, of } = checkout(vault);
  file.interrupted = true;
  expect(() => ensure(of)).toThrow('interrupted');
  file.interrupted = false;
  ensure(of);
  expect([file.version, vault.names().length]).toEqual([1, 1]);
});

test('creates a deleted secret again, but not while the deployed service uses it', () => {
  const vault = new MemoryVault();
  const { file, of, up } = checkout(vault);
  file.version = 3;
  vault.deployed = 3;
  expect(() => ensure(of)).toThrow(
    'npx -y pnpm@12 pulumi config rm andamio:keyPeppersVersion --stack dev',
  );
  expect(() => take(of, '--add-pepper')).toThrow('Run: npx -y pnpm@12 secrets:generate dev');
  expect(vault.stored).toBeUndefined();
  vault.deployed = undefined;
  expect(ensure(of)).toBe(
    'The secret andamio-api-key-peppers did not exist in project my-project. It is new, and keyPeppersVersion refers to it.',
  );
  up();
  expect(ensure(of)).toBeUndefined();
  expect([file.version, vault.names().length]).toEqual([1, 1]);
});

test.each(['jwt', 'guard'])(
  'adds a %s secret at the end of the list and drops the first one',
  (kind) => {
    const vault = new MemoryVault();
    const { file, of, up } = checkout(vault, `${kind}-secrets`);
    if (kind === 'jwt') ensure(of);
    else take(of, '--add-guard-secret');
    for (const step of [`--add-${kind}-secret`, `--drop-${kind}-secret`]) {
      up();
      take(of, step);
    }
    const [[first], [, added], last] = vault.names() as [string[], string[], string[]];
    expect([file.version, last]).toEqual([3, [added]]);
    expect(first).not.toBe(added);
    const variable = kind === 'jwt' ? 'JWT_SECRETS' : 'GUARD_SECRETS';
    for (const { value } of vault.stored ?? [])
      expect(parseSettings({ [variable]: value }).ok).toBe(true);
  },
);
