// node scripts/drift.ts STACK: compares Google's resources with the declared ones, including the
// image and traffic of the last release. If they differ, the script fails. On GitHub it also opens
// an issue.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import {
  Failure,
  named,
  outputsOf,
  programFolder,
  say,
  script,
  withFolder,
  writeSettings,
} from './lib/cli.ts';
import { onGitHub, openIssue } from './lib/github.ts';
import { previewed, stepsAsTable } from './lib/preview-steps.ts';
import { forgetsBuiltImage } from './lib/release-guard.ts';

/**
 * Calls a function with Pulumi options that select a temporary copy of the stack's file. The copy
 * contains the image and traffic settings of the last update, because a release sets these without
 * committing them.
 */
function withSettings<Result>(stack: string, work: (options: string[]) => Result): Result {
  return withFolder((folder) => {
    const name = `Pulumi.${stack}.yaml`;
    const options = ['--config-file', join(folder, name)];
    cpSync(join(programFolder, name), join(folder, name));
    const outputs = outputsOf(stack);
    const output = (key: string) => (outputs[key] as string | undefined) || undefined;
    const stableRevision = output('stableRevision');
    const stableImage = stableRevision && output('stableImage');
    writeSettings(stack, { image: output('image'), stableRevision, stableImage }, options);
    return work(options);
  });
}

await script(async (args) => {
  const { stack } = named(args, 'node scripts/drift.ts STACK', ['stack']);
  const steps = withSettings(stack, (options) => previewed(stack, ['--refresh', ...options]));
  // If the settings specify an image, the program no longer declares the image that an earlier `up`
  // built. This difference is not drift.
  const table = stepsAsTable(steps.filter((step) => !forgetsBuiltImage(step)));
  if (table === undefined) {
    say(`${stack} has no drift.`);
    return;
  }
  say(table);
  // Without --refresh, `up` would compare the program with Pulumi's state and change nothing.
  const advice = `These resources were changed outside the program. To restore them, set the running image in the stack's file (docs/operate.md, Release), then run \`npx -y pnpm@12 pulumi up --refresh --stack ${stack}\`. To keep a change, add it to the program.`;
  if (onGitHub()) await openIssue(`${stack} has drifted`, `${table}\n\n${advice}`);
  throw new Failure(`${stack} has drifted. ${advice}`);
});
