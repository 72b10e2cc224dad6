// node scripts/drift.ts STACK: compares Google's resources with the declared ones, including the
// image and traffic of the last release. If they differ, the script fails. On GitHub it also opens
// an issue.
import { Failure, named, say, script } from './lib/cli.ts';
import { onGitHub, openIssue } from './lib/github.ts';
import { previewedAsReleased } from './lib/preview-as-released.ts';
import { stepsAsTable } from './lib/preview-steps.ts';
import { forgetsBuiltImage } from './lib/release-guard.ts';

await script(async (args) => {
  const { stack } = named(args, 'node scripts/drift.ts STACK', ['stack']);
  const steps = await previewedAsReleased(stack, ['--refresh']);
  // If the settings specify an image, the program no longer declares the image that an earlier `up`
  // built. This difference is not drift.
  const table = stepsAsTable(steps.filter((step) => !forgetsBuiltImage(step)));
  if (table === undefined) {
    say(`${stack} has no drift.`);
    return;
  }
  say(table);
  // Without --refresh, `up` would compare the program with Pulumi's state and change nothing.
  const advice = `These resources were changed outside the program. To restore them, set the running image in the stack's file (docs/operate.md, Update a stack), then run \`npx -y pnpm@12 pulumi up --refresh --stack ${stack}\`. To keep a change, add it to the program.`;
  if (onGitHub()) await openIssue(`${stack} has drifted`, `${table}\n\n${advice}`);
  throw new Failure(`${stack} has drifted. ${advice}`);
});
