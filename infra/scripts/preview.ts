// node scripts/preview.ts STACK: previews the changes that a pull request makes to a stack. Read
// access to the state bucket suffices, because a preview neither locks nor writes the state
// (pulumi/pulumi, pkg/backend/diy/backend.go). On GitHub, the script posts the steps as a comment
// on the pull request whose number is in PULL_REQUEST.
import { named, say, script } from './lib/cli.ts';
import { comment, onGitHub } from './lib/github.ts';
import { previewed, stepsAsTable } from './lib/preview-steps.ts';

await script(async (args) => {
  const { stack } = named(args, 'node scripts/preview.ts STACK', ['stack']);
  const table = stepsAsTable(await previewed(stack)) ?? 'Nothing changes.';
  say(table);
  const pullRequest = process.env['PULL_REQUEST'];
  if (pullRequest && onGitHub()) await comment(pullRequest, `### Preview of \`${stack}\``, table);
});
