// npm test: installs, builds and runs every test of every package, then says how many passed and failed in all.
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { install, pnpm, required, root } from './toolchain.mjs';

/** The reports that the packages' test runs have left. (Node 20 has no globSync.) */
const reports = () =>
  ['apps', 'packages', 'infra', '.']
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name, 'reports/tests.json')))
    .filter((path) => existsSync(path));

/** What the JSON report of one package counts. A file that cannot be loaded counts as one failed test. */
function countsOf(path) {
  const { success, numPassedTests, numFailedTests, numPendingTests } = JSON.parse(readFileSync(path, 'utf8'));
  return { passed: numPassedTests, failed: success ? 0 : Math.max(1, numFailedTests), skipped: numPendingTests };
}

await required(install);
for (const path of reports()) rmSync(path);
const code = await pnpm('exec', 'turbo', 'run', 'test', '--concurrency=1', '--continue', '--output-logs=new-only');

const total = { passed: 0, failed: 0, skipped: 0 };
for (const counts of reports().map(countsOf)) {
  for (const key of Object.keys(total)) total[key] += counts[key];
}
if (code !== 0 && total.failed === 0) total.failed = 1;
const skipped = total.skipped === 0 ? '' : `, ${total.skipped} skipped`;
process.stdout.write(`${total.passed} passed, ${total.failed} failed${skipped}\n`);
process.exitCode = total.failed === 0 ? 0 : 1;
