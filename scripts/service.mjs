// Installs and builds the service, without the packages that only tests need. Skips a step that
// would change nothing, so that a second start needs neither time nor network.
import { createHash } from 'node:crypto';
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
 * Option that makes pnpm skip its check of the age of each version in the lockfile. For this check,
 * pnpm downloads 165 MB of metadata. CI and `npm test` perform the check.
 */
const ageUnchecked = '--config.minimum-release-age=0';

/** An environment in which npm and other tools do not announce their updates. */
const quiet = { ...process.env, npm_config_update_notifier: 'false', NO_UPDATE_NOTIFIER: '1' };

const manifestOf = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

/**
 * Returns the folder of a package and the folders of the workspace packages from which it is built.
 */
function sourcesOf(folder, found = new Set()) {
  if (found.has(folder)) return found;
  found.add(folder);
  for (const name of Object.keys(manifestOf(folder).dependencies ?? {})) {
    if (name.startsWith('@andamio/')) sourcesOf(name.replace('@andamio/', 'packages/'), found);
  }
  return found;
}

/** Matches the names of files and folders that do not affect what is built. */
const ignored = /^(node_modules|dist|reports|test)$|\.test\.ts$|\.md$/;

/** Returns one line for each file in a file or folder: path, size and modification time. */
function linesOf(path) {
  const stats = statSync(path, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return [`${path} ${stats?.size} ${stats?.mtimeMs}`];
  const names = readdirSync(path).filter((name) => !ignored.test(name));
  return names.toSorted().flatMap((name) => linesOf(join(path, name)));
}

/** Returns a digest of the paths, sizes and times of files. */
function digestOf(paths) {
  const lines = paths.flatMap((path) => linesOf(join(root, path)));
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

/**
 * A file that records the last run of a step, as digests of the files that the step reads and
 * writes. The times of these files are not compared with the time of the run, because tar and rsync
 * give new files old times.
 */
class Stamp {
  constructor(path, { inputs, outputs = [] }) {
    this.path = join(root, path);
    // Computed before the run, so that a file that changes during the run makes the step run again.
    this.inputs = digestOf(inputs);
    this.outputs = outputs;
  }

  get #content() {
    return `${node24} ${this.inputs} ${digestOf(this.outputs)}`;
  }

  /** Returns whether the step can be skipped, because nothing has changed since its last run. */
  get isCurrent() {
    return existsSync(this.path) && readFileSync(this.path, 'utf8') === this.#content;
  }

  write() {
    writeFileSync(this.path, this.#content);
  }
}

/**
 * Returns the step that installs the dependencies of the service. If the tests' dependencies are
 * installed too, the step updates all dependencies, because a partial installation would remove the
 * tests' dependencies.
 */
export function installation() {
  const filters = ['@andamio/api...', ...(hasRequiredNode ? [] : ['@andamio/scripts'])];
  const isFull = existsSync(join(root, 'node_modules/.bin/turbo'));
  const args = isFull ? [] : ['--prod', ...filters.flatMap((filter) => ['--filter-prod', filter])];
  const manifests = [...sourcesOf(service), 'scripts'].map((folder) => `${folder}/package.json`);
  const stamp = new Stamp('node_modules/.installed-service', {
    inputs: ['pnpm-lock.yaml', 'pnpm-workspace.yaml', ...manifests],
  });
  const folders = [service, ...pages.map(([folder]) => folder)];
  const results = [node24, ...folders.map((folder) => join(root, folder, 'node_modules'))];
  return {
    isDone: results.every(existsSync) && stamp.isCurrent,
    async run() {
      const command = pnpmCommand('install', '--frozen-lockfile', ageUnchecked, ...args);
      const result = await runQuietly(...command, { env: quiet });
      if (result.code === 0) stamp.write();
      return result;
    },
  };
}

/**
 * Returns the step that builds a package. The step runs again if another command has built the
 * package since.
 */
function buildOf(folder, built) {
  const stamp = new Stamp(join(folder, 'node_modules/.built'), {
    inputs: [...sourcesOf(folder), 'pnpm-lock.yaml'],
    outputs: [join(folder, built)],
  });
  return {
    isDone: existsSync(join(root, folder, built)) && stamp.isCurrent,
    async run() {
      const outcome = await runQuietly(node24, ['build.ts'], { cwd: join(root, folder) });
      if (outcome.code === 0) stamp.write();
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
