// node scripts/preview.ts STACK: previews the changes that a pull request makes to a stack. Read
// access to the state bucket suffices, because a preview neither locks nor writes the state
// (pulumi/pulumi, pkg/backend/diy/backend.go). On GitHub, the script posts the steps as a comment
// on the pull request whose number is in PULL_REQUEST.
import { named, outputsOf, say, script } from './lib/cli.ts';
import { comment, onGitHub } from './lib/github.ts';
import { previewedAsReleased } from './lib/preview-as-released.ts';
import { previewed, stepsAsTable } from './lib/preview-steps.ts';

await script(async (args) => {
  const { stack } = named(args, 'node scripts/preview.ts STACK', ['stack']);
  // A stack without attestation may build its image during an update, which its preview must show.
  const steps = outputsOf(stack)['attestor'] ? previewedAsReleased(stack) : previewed(stack);
  const table = stepsAsTable(await steps) ?? 'Nothing changes.';
  say(table);
  const pullRequest = process.env['PULL_REQUEST'];
  if (pullRequest && onGitHub()) await comment(pullRequest, `### Preview of \`${stack}\``, table);
});
