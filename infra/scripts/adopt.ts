// pnpm adopt STACK NAME=ID...: imports existing resources into a stack, in one `pulumi up`. The
// stack's file does not change. Deleted federation pools and providers that Google still keeps are
// restored first.
import { adoptionVariable, parseAdoptions } from '../src/adoption.ts';
import { Failure, pulumi, run, say, script, underThePolicies } from './lib/cli.ts';

const federated =
  /^projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/([^/]+)(?:\/providers\/([^/]+))?$/;

/**
 * Restores a workload identity pool or provider that was deleted in the last 30 days:
 * https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers
 */
function undelete(id: string): void {
  const [, project, pool, provider] = federated.exec(id) ?? [];
  if (!project || !pool) return;
  const place = [`--project=${project}`, '--location=global'];
  const group = ['iam', 'workload-identity-pools', ...(provider ? ['providers'] : [])];
  const which = provider
    ? [provider, `--workload-identity-pool=${pool}`, ...place]
    : [pool, ...place];
  const state = run('gcloud', [...group, 'describe', ...which, '--format=value(state)'], {
    quiet: true,
  }).trim();
  if (state !== 'DELETED') return;
  say(`${id} is deleted. Restoring it.`);
  run('gcloud', [...group, 'undelete', ...which, '--quiet'], { quiet: true });
}

function idsOf(pairs: readonly string[]): string[] {
  try {
    return [...parseAdoptions(pairs.join(' ')).values()];
  } catch (error) {
    throw new Failure((error as Error).message);
  }
}

await script((args) => {
  const [stack, ...pairs] = args;
  if (!stack || pairs.length === 0)
    throw new Failure('Usage: npx -y pnpm@12 adopt STACK NAME=ID...');
  const ids = idsOf(pairs);
  // A pool must be restored before its providers. Its id is shorter than theirs, so sorting by
  // length puts it first.
  for (const id of ids.sort((a, b) => a.length - b.length)) undelete(id);
  pulumi(stack, ['up', '--yes', '--skip-preview', ...underThePolicies], {
    env: { [adoptionVariable]: pairs.join(' ') },
  });
});
