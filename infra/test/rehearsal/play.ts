// node play.ts FOLDER LOG: runs the rehearsal. main.ts starts it in isolated namespaces.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import type { Google } from '../google/client.ts';
import { documentedProject } from './acts/documented-project.ts';
import { ownProject } from './acts/own-project.ts';
import { endWithParent } from './enclosure.ts';
import { Report } from './report.ts';
import { filesIn, SecretSearch } from './secret-search.ts';
import { startSurroundings } from './surroundings.ts';
import { Workplace } from './workplace.ts';

/** Returns the values of all secrets, without the names of the peppers, which are not secret. */
async function secretValues(google: Google): Promise<string[]> {
  const values = await Promise.all(
    (await google.secretVersions()).map((version) => google.secretValue(version)),
  );
  return values
    .flatMap((value) => value?.split(',') ?? [])
    .map((part) => part.replace(/^\w+:/, ''));
}

async function rehearse(folder: string, log: string, report: Report): Promise<void> {
  const work = new Workplace(folder, report);
  await work.build();
  const surroundings = await report.step(
    '',
    'Start a registry, Firestore and Google on loopback',
    () => startSurroundings(work),
  );
  await report.step('', 'Install', () => work.typist('').run('npx -y pnpm@12 install'));
  const search = new SecretSearch();
  // The two projects are independent, so they run concurrently to save time.
  await Promise.all([ownProject(work, surroundings), documentedProject(work, surroundings)]);

  await report.step(
    '',
    'No secret is in state, settings, logs, arguments or environment',
    async () => {
      const values = await secretValues(surroundings.google);
      assert.ok(values.length >= 4, 'Too few secrets were created.');
      const settings = filesIn(join(work.clone, 'infra')).filter((path) => path.endsWith('.yaml'));
      const found = search.end(values, [
        log,
        ...settings,
        ...filesIn(join(folder, 'state')),
        ...filesIn(join(folder, 'gcloud')),
      ]);
      assert.deepEqual(found, []);
    },
  );
}

endWithParent();
const [folder, log] = process.argv.slice(2) as [string, string];
const report = new Report(log);
try {
  await rehearse(folder, log, report);
  report.total();
} catch (error) {
  report.writer('')(`${(error as Error).stack}\n`);
  process.stderr.write(`\n${(error as Error).message}\n\n`);
  process.exitCode = 1;
}
process.exit();
