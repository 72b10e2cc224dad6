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
  const file: { version?: number; deployed?: number; interrupted?: boolean } = {};
  const of: StackSecret = {
    stack: 'dev',
    secret: serviceSecrets.find((each) => each.name === name) as StackSecret['secret'],
    vault,
    pinned: () => file.version,
    pin(version) {
      if (file.interrupted) throw new Error('interrupted');
      file.version = version;
    },
    deployed: () => file.deployed,
  };
  return { file, of };
}

const pepper = (name: string) => `${name}:${Buffer.alloc(32, name).toString('base64')}`;

describe('a rotation of peppers', () => {
  test('takes two updates, so that all instances can verify keys before the first key uses the new pepper', () => {
    const vault = new MemoryVault();
    const { file, of } = checkout(vault);
    vault.stored = [{ value: pepper('old'), enabled: true }];
    expect(() => take(of, '--add-pepper')).toThrow('npx -y pnpm@12 secrets:generate dev');
    ensure(of);
    expect(() => take(of, '--promote-pepper')).toThrow('There is only one pepper');
    expect(() => take(of, '--drop-pepper')).toThrow('cannot be dropped');

    take(of, '--add-pepper');
    const [, added] = vault.names()[1] as [string, string];
    file.deployed = 1;
    expect(() => take(of, '--promote-pepper')).toThrow(
      `Pepper ${added} is not deployed to all instances yet`,
    );
    file.deployed = 2;
    take(of, '--promote-pepper');
    take(of, '--drop-pepper');
    // Earlier versions remain readable for the revisions that use them.
    expect([file.version, vault.names()]).toEqual([
      4,
      [['old'], ['old', added], [added, 'old'], [added]],
    ]);
    for (const { value } of vault.stored)
      expect(parseSettings({ KEY_PEPPERS: value }).ok).toBe(true);
  });

  test.each(['ensure', '--add-pepper', '--promote-pepper', '--drop-pepper'])(
    'is completed by a second run if the first was interrupted before it set the version number: %s',
    (step) => {
      const vault = new MemoryVault();
      const { file, of } = checkout(vault);
      if (step !== 'ensure') {
        vault.stored = [{ value: `${pepper('one')},${pepper('two')}`, enabled: true }];
        Object.assign(file, { version: 1, deployed: 1 });
      }
      const run = () => (step === 'ensure' ? ensure(of) : take(of, step));
      file.interrupted = true;
      expect(run).toThrow('interrupted');
      const after = structuredClone(vault.stored);
      file.interrupted = false;
      run();
      expect([file.version, vault.stored]).toEqual([after?.length, after]);
    },
  );

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
    vault.meanwhile = () => {
      vault.meanwhile = undefined;
      take(other.of, '--add-pepper');
    };
    expect(() => take(one.of, '--add-pepper')).toThrow('at the same time');
    expect([one.file.version, other.file.version, vault.names().length]).toEqual([1, 2, 2]);
    take(one.of, '--add-pepper');
    expect([one.file.version, vault.names().length]).toEqual([2, 2]);
  });

  test('refuses to replace a newer version that is not the result of its step', () => {
    const vault = new MemoryVault();
    const [one, other] = [checkout(vault), checkout(vault)];
    ensure(one.of);
    ensure(other.of);
    take(other.of, '--add-pepper');
    other.file.deployed = 2;
    take(other.of, '--promote-pepper');
    expect(() => take(one.of, '--add-pepper')).toThrow(
      'gcloud secrets versions disable 3 --secret=andamio-api-key-peppers --project=my-project',
    );
    expect([one.file.version, vault.names().length]).toEqual([1, 3]);
  });

  test('creates no version if all versions are disabled, or if the configured version is missing', () => {
    const vault = new MemoryVault();
    vault.stored = [{ value: pepper('a'), enabled: false }];
    const { file, of } = checkout(vault);
    expect(() => ensure(of)).toThrow(
      'gcloud secrets versions enable VERSION --secret=andamio-api-key-peppers',
    );
    file.version = 7;
    expect(() => ensure(of)).toThrow(
      'refers to version 7 of the secret andamio-api-key-peppers, which is missing',
    );
  });
});

test.each(['jwt', 'guard'])(
  'adds a %s secret at the end of the list and drops the first one',
  (kind) => {
    const vault = new MemoryVault();
    const { file, of } = checkout(vault, `${kind}-secrets`);
    if (kind === 'jwt') ensure(of);
    else take(of, '--add-guard-secret');
    take(of, `--add-${kind}-secret`);
    take(of, `--drop-${kind}-secret`);
    const [[first], [, added], last] = vault.names() as [string[], string[], string[]];
    expect([file.version, last]).toEqual([3, [added]]);
    expect(first).not.toBe(added);
    expect(() => take(of, `--drop-${kind}-secret`)).toThrow('cannot be dropped');
    const variable = kind === 'jwt' ? 'JWT_SECRETS' : 'GUARD_SECRETS';
    for (const { value } of vault.stored ?? [])
      expect(parseSettings({ [variable]: value }).ok).toBe(true);
  },
);
