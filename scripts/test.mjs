// npm test: installs, builds and runs every test of every package, then says how many passed and failed in all.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join, relative } from 'node:path';
import { install, pnpm, required, root } from './toolchain.mjs';

/** The reports that the packages' test runs have left. (Node 20 has no globSync.) */
const reports = () =>
  ['apps', 'packages', 'infra', '.']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name, 'reports/tests.json')))
    .filter((path) => existsSync(path));

/** What one package's JSON report counts. A file that cannot be loaded counts as one failed test. */
function countsOf({ success, numPassedTests, numFailedTests, numPendingTests }) {
  return { passed: numPassedTests, failed: success ? 0 : Math.max(1, numFailedTests), skipped: numPendingTests };
}

/** A line for each failure of one package's JSON report: the file, the promise that was broken, and how. */
function failuresOf({ testResults }) {
  return testResults
    .filter((file) => file.status === 'failed')
    .flatMap((file) => {
      const failed = file.assertionResults.filter((test) => test.status === 'failed');
      const told = failed.length > 0 ? failed : [{ fullName: 'the file', failureMessages: [file.message] }];
      return told.map(({ fullName, failureMessages }) => {
        const [reason] = (failureMessages[0] ?? '').split('\n');
        return `FAILED: ${relative(root, file.name)}: ${fullName}: ${reason}\n`;
      });
    });
}

await required(install);
for (const path of reports()) rmSync(path);
const code = await pnpm('exec', 'turbo', 'run', 'test', '--concurrency=1', '--continue', '--output-logs=new-only');

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
