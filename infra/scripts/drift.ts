// node scripts/drift.ts STACK: compares Google's resources with the declared ones, including the
// image and traffic of the last release. If they differ, the script fails. On GitHub it also opens
// an issue.
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Failure, named, outputsOf, programFolder, say, script, writeSettings } from './lib/cli.ts';
import { onGitHub, openIssue } from './lib/github.ts';
import { previewed, type Step, stepsAsTable } from './lib/preview-steps.ts';
import { forgetsBuiltImage } from './lib/release-guard.ts';

/**
 * Previews an `up --refresh` with a temporary copy of the stack's file. The copy contains the image
 * and traffic settings of the last update, because a release sets these without committing them.
 */
async function previewedAsReleased(stack: string): Promise<Step[]> {
  const folder = mkdtempSync(join(tmpdir(), 'andamio-'));
  try {
    const name = `Pulumi.${stack}.yaml`;
    const file = join(folder, name);
    cpSync(join(programFolder, name), file);
    const outputs = outputsOf(stack);
    const output = (key: string) => (outputs[key] as string | undefined) || undefined;
    const stableRevision = output('stableRevision');
    const stableImage = stableRevision && output('stableImage');
    await writeSettings(stack, { image: output('image'), stableRevision, stableImage }, { file });
    return await previewed(stack, { args: ['--refresh', '--config-file', file] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await script(async (args) => {
  const { stack } = named(args, 'node scripts/drift.ts STACK', ['stack']);
  const steps = await previewedAsReleased(stack);
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
