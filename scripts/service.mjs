// Installs and builds the service, and nothing that only tests need. A step that would change
// nothing is skipped, so that a second start needs neither time nor network.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runQuietly } from './child-processes.mjs';
import { hasRequiredNode, node24, pnpmCommand, root } from './toolchain.mjs';

const service = 'apps/api';

/** The packages that build the pages of the service, with a file that each builds. */
const pages = [
  ['packages/reference', 'dist/index.html'],
  ['packages/console', 'dist/page/index.html'],
];

/**
 * Skips the check of how long ago each version in the lockfile was published, for which pnpm
 * downloads 165 MB of metadata. CI and `npm test` perform it.
 */
const ageUnchecked = '--config.minimum-release-age=0';

/** An environment in which npm and other tools do not announce their updates. */
const quiet = { ...process.env, npm_config_update_notifier: 'false', NO_UPDATE_NOTIFIER: '1' };

const manifestOf = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

/** Returns a package's folder and those of the workspace packages that it is built from. */
function sourcesOf(folder, found = new Set()) {
  if (found.has(folder)) return found;
  found.add(folder);
  for (const name of Object.keys(manifestOf(folder).dependencies ?? {})) {
    if (name.startsWith('@andamio/')) sourcesOf(name.replace('@andamio/', 'packages/'), found);
  }
  return found;
}

/** Files and folders that do not affect what is built. */
const ignored = /^(node_modules|dist|reports|test)$|\.test\.ts$|\.md$/;

/** Returns the newest modification time in a file or folder, in milliseconds. */
function newestIn(path) {
  const { mtimeMs } = statSync(path);
  if (!statSync(path).isDirectory()) return mtimeMs;
  const times = readdirSync(path)
    .filter((name) => !ignored.test(name))
    .map((name) => newestIn(join(path, name)));
  return Math.max(mtimeMs, ...times);
}

/** Returns the modification time of a file in milliseconds, or 0 if it does not exist. */
const timeOf = (path) => statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;

/**
 * A file that records the last run of a step: by its modification time, and by a content that
 * identifies the result.
 */
class Stamp {
  constructor(path) {
    this.path = join(root, path);
  }

  /** Reports whether the step would change nothing. */
  isCurrent(result, inputs) {
    const time = timeOf(this.path);
    if (time === 0 || readFileSync(this.path, 'utf8') !== result) return false;
    return inputs.every((input) => newestIn(join(root, input)) < time);
  }

  write(result) {
    writeFileSync(this.path, result);
  }
}

/**
 * Returns the step that installs the dependencies of the service. If the tests' dependencies are
 * installed too, the step updates all dependencies, because a partial installation would remove
 * those of the tests.
 */
export function installation() {
  const filters = ['@andamio/api...', ...(hasRequiredNode ? [] : ['@andamio/scripts'])];
  const isFull = existsSync(join(root, 'node_modules/.bin/turbo'));
  const args = isFull ? [] : ['--prod', ...filters.flatMap((filter) => ['--filter-prod', filter])];
  const stamp = new Stamp('node_modules/.installed-service');
  const inputs = [
    'pnpm-lock.yaml',
    'pnpm-workspace.yaml',
    ...[...sourcesOf(service), 'scripts'].map((folder) => `${folder}/package.json`),
  ];
  const folders = [service, ...pages.map(([folder]) => folder)];
  const results = [node24, ...folders.map((folder) => join(root, folder, 'node_modules'))];
  return {
    isDone: results.every(existsSync) && stamp.isCurrent('installed', inputs),
    async run() {
      const command = pnpmCommand('install', '--frozen-lockfile', ageUnchecked, ...args);
      const result = await runQuietly(...command, { env: quiet });
      if (result.code === 0) stamp.write('installed');
      return result;
    },
  };
}

/** Returns the step that builds a package. Another build of the same package makes it run again. */
function buildOf(folder, built) {
  const stamp = new Stamp(join(folder, 'node_modules/.built'));
  const result = () => `${node24} ${timeOf(join(root, folder, built))}`;
  const inputs = [...sourcesOf(folder), 'pnpm-lock.yaml'];
  return {
    isDone: stamp.isCurrent(result(), inputs),
    async run() {
      const outcome = await runQuietly(node24, ['build.ts'], { cwd: join(root, folder) });
      if (outcome.code === 0) stamp.write(result());
      return outcome;
    },
  };
}

/** Returns the step that builds the service with its pages. */
export function build() {
  const steps = [
    ...pages.map(([folder, built]) => buildOf(folder, built)),
    buildOf(service, 'dist/main.js'),
  ];
  return {
    isDone: steps.every(({ isDone }) => isDone),
    async run() {
      let result = { code: 0, output: '' };
      for (const { isDone, run } of steps) {
        if (!isDone && result.code === 0) result = await run();
      }
      return result;
    },
  };
}

/** The command that starts the built service. */
export const serviceCommand = [node24, ['apps/api/dist/main.js']];
