// node scripts/drift.ts STACK: compares Google's resources with the declared ones, including the
// image and traffic of the last release. If they differ, the script fails. On GitHub it also opens
// an issue.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  Failure,
  named,
  outputsOf,
  programFolder,
  projectName,
  pulumi,
  say,
  script,
} from './lib/cli.ts';
import { onGitHub, openIssue } from './lib/github.ts';
import { previewed, stepsAsTable } from './lib/preview-steps.ts';
import { forgetsBuiltImage } from './lib/release-guard.ts';

/**
 * Calls a function with Pulumi options that select a temporary copy of the stack's file. The copy
 * contains the image and traffic settings of the last update. A release sets these without
 * committing them.
 */
async function withSettings<Result>(
  stack: string,
  work: (options: string[]) => Promise<Result> | Result,
): Promise<Result> {
  const folder = mkdtempSync(join(tmpdir(), 'drift-'));
  const file = join(folder, `Pulumi.${stack}.yaml`);
  try {
    cpSync(join(programFolder, `Pulumi.${stack}.yaml`), file);
    const options = ['--config-file', file];
    const { image, stableRevision, ...outputs } = outputsOf(stack);
    const stableImage = stableRevision && outputs['stableImage'];
    for (const [key, value] of Object.entries({ image, stableRevision, stableImage })) {
      const set = typeof value === 'string' && value !== '';
      pulumi(
        stack,
        [
          'config',
          set ? 'set' : 'rm',
          `${projectName}:${key}`,
          ...(set ? [value] : []),
          ...options,
        ],
        {
          quiet: true,
        },
      );
    }
    return await work(options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await script(async (args) => {
  const { stack } = named(args, 'node scripts/drift.ts STACK', ['stack']);
  const steps = await withSettings(stack, (options) => previewed(stack, ['--refresh', ...options]));
  // If the settings specify an image, the program does not declare the image that an earlier `up`
  // built.
  const table = stepsAsTable(steps.filter((step) => !forgetsBuiltImage(step)));
  if (table === undefined) {
    say(`${stack} has no drift.`);
    return;
  }
  say(table);
  if (onGitHub()) {
    const advice =
      'These resources were changed outside the program. To restore them, run `pulumi up`. To keep a change, add it to the program.';
    await openIssue(`${stack} has drifted`, `${table}\n\n${advice}`);
  }
  throw new Failure(`${stack} has drifted.`);
});
