// The command `npm test [-- FILTER...]`. Installs, builds, runs the tests and prints the numbers of
// passed and failed tests. A FILTER selects the test files whose path contains it, as in `npm test
// -- rehearsal`.
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { endOnSignals, run, runQuietly } from './child-processes.mjs';
import { requirePlatform } from './preflight.mjs';
import { pnpmCommand, root } from './toolchain.mjs';

const usage = `npm test [-- FILTER...]

Installs, builds and runs all tests, or the test files whose path contains a FILTER, as in:

npm test -- packages/keys
`;

/** Runs pnpm. Resolves to its exit code. */
const pnpm = (...args) => run(...pnpmCommand(...args));

/** Ends the script with the exit code of a step, if the step failed. */
function required(code) {
  if (code !== 0) process.exit(code);
}

/**
 * Returns the paths of all packages' test reports. Does not use globSync, which Node.js 20 lacks.
 */
const reports = () =>
  ['apps', 'packages', 'infra', '.']
    .flatMap((folder) =>
      readdirSync(join(root, folder)).map((name) => join(root, folder, name, 'reports/tests.json')),
    )
    .filter((path) => existsSync(path));

/**
 * Returns the totals of a package's test report. A test file that fails to load counts as one
 * failed test.
 */
function countsOf({ success, numPassedTests, numFailedTests, numPendingTests }) {
  return {
    passed: numPassedTests,
    failed: success ? 0 : Math.max(1, numFailedTests),
    skipped: numPendingTests,
  };
}

/**
 * Returns one line for each failure in a package's test report, with the file, the title of the
 * test and the reason.
 */
function failuresOf({ testResults }) {
  return testResults
    .filter((file) => file.status === 'failed')
    .flatMap((file) => {
      const failed = file.assertionResults.filter((test) => test.status === 'failed');
      const failures =
        failed.length > 0 ? failed : [{ fullName: 'the file', failureMessages: [file.message] }];
      return failures.map(({ fullName, failureMessages }) => {
        const [reason] = (failureMessages[0] ?? '').split('\n');
        return `FAILED: ${relative(root, file.name)}: ${fullName}: ${reason}\n`;
      });
    });
}

/** Returns the folder of the package that contains a file. */
function packageOf(path) {
  const folder = dirname(path);
  return existsSync(join(root, folder, 'package.json')) ? folder : packageOf(folder);
}

/**
 * Returns the test files whose path contains one of the filters, by the folder of their package.
 * Their paths are relative to that folder.
 */
function testFilesWith(filters) {
  const options = ['--cached', '--others', '--exclude-standard', '*.test.ts'];
  const files = execFileSync('git', ['ls-files', ...options], { cwd: root, encoding: 'utf8' });
  const selected = new Map();
  for (const path of files.split('\n')) {
    if (!filters.some((filter) => path.includes(filter))) continue;
    const folder = packageOf(path);
    selected.set(folder, [...(selected.get(folder) ?? []), relative(folder, path)]);
  }
  return selected;
}

/** Builds all packages and runs the selected test files. */
async function runSelected(filters) {
  const selected = testFilesWith(filters);
  if (selected.size === 0) {
    process.stderr.write(`No test file has a path that contains ${filters.join(' or ')}.\n`);
    return 1;
  }
  required(await pnpm('build'));
  let code = 0;
  for (const [folder, files] of selected) {
    code ||= await pnpm('--dir', folder, 'exec', 'vitest', 'run', ...files);
  }
  return code;
}

/** Installs all dependencies. Resolves to the exit code. */
async function install() {
  process.stdout.write('Installing all dependencies ...');
  const began = performance.now();
  const { code, output } = await runQuietly(...pnpmCommand('install', '--frozen-lockfile'));
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  process.stdout.write(code === 0 ? ` ${seconds} s\n` : ` failed:\n\n${output}`);
  return code;
}

requirePlatform('npm test');
if (['--help', '-h'].includes(process.argv[2])) {
  process.stdout.write(usage);
  process.exit();
}
endOnSignals();
process.env.TURBO_TELEMETRY_DISABLED = '1';
const filters = process.argv.slice(2);
required(await install());
for (const path of reports()) rmSync(path);
const code =
  filters.length > 0
    ? await runSelected(filters)
    : await pnpm(
        'exec',
        'turbo',
        'run',
        'test',
        // Many tests measure time. If packages were tested side by side, some would time out.
        '--concurrency=1',
        '--continue',
        '--output-logs=new-only',
      );

const total = { passed: 0, failed: 0, skipped: 0 };
const results = reports().map((path) => JSON.parse(readFileSync(path, 'utf8')));
for (const counts of results.map(countsOf)) {
  for (const key of Object.keys(total)) total[key] += counts[key];
}
if (code !== 0 && total.failed === 0) total.failed = 1;
const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`;
process.stdout.write(results.flatMap(failuresOf).join(''));
process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
