// npx -y pnpm@12 rehearse: runs the documented commands and the pipeline's scripts on this machine.
// It starts with an empty project, deploys a service that issues keys, and destroys everything. The
// images, the Pulumi engine and the service are real, and Google is the fake of the tests.
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, tmpdir } from 'node:os';
import { join } from 'node:path';
import { enclosed } from './enclosure.ts';
import { unmetRequirements } from './requirements.ts';

async function main(): Promise<number> {
  const unmet = await unmetRequirements();
  if (unmet.length > 0) {
    process.stderr.write(`The rehearsal has not begun. This machine lacks:\n${unmet.join('\n')}\n`);
    return 1;
  }
  const folder = mkdtempSync(join(tmpdir(), 'andamio-rehearsal-'));
  const log = `${folder}.log`;
  try {
    // TMPDIR is inside the folder, so that all temporary files are deleted with it.
    const ending = await enclosed([join(import.meta.dirname, 'play.ts'), folder, log], {
      ...process.env,
      TMPDIR: folder,
    });
    if ('code' in ending) return ending.code;
    process.stderr.write(`Ended by ${ending.signal}.\n`);
    return 128 + constants.signals[ending.signal];
  } finally {
    rmSync(folder, { recursive: true, force: true });
    process.stdout.write(`What each command printed: ${log}\n`);
  }
}

process.exitCode = await main();
