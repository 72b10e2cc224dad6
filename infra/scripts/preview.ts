// node scripts/preview.ts STACK: shows the effect of a change on a stack, for a pull request. A
// preview reads the state without locking or writing it (pulumi/pulumi,
// pkg/backend/diy/backend.go), so read access to the bucket is enough. On GitHub, the steps are
// posted as a comment on PULL_REQUEST.
import { named, previewed, say, script } from './cli.ts';
import { comment, onGitHub } from './github.ts';
import { stepsAsTable } from './steps-table.ts';

await script(async (args) => {
  const { stack } = named(args, 'node scripts/preview.ts STACK', ['stack']);
  const table = stepsAsTable(previewed(stack)) ?? 'Nothing changes.';
  say(table);
  const pullRequest = process.env['PULL_REQUEST'];
  if (pullRequest && onGitHub()) await comment(pullRequest, `### Preview of \`${stack}\``, table);
});
