// pnpm adopt STACK NAME=ID...: imports existing resources into a stack, by one `pulumi up` with
// their ids. The stack's file does not change. A federation pool or provider that Google keeps as
// deleted is undeleted first.
import { adoptionVariable, parseAdoptions } from '../adopt.ts';
import { Failure, pulumi, run, say, script } from './cli.ts';

const federated = /^projects\/([^/]+)\/locations\/global\/workloadIdentityPools\/([^/]+)(?:\/providers\/([^/]+))?$/;

/**
 * Restores a pool or a provider that was deleted in the last 30 days.
 * https://cloud.google.com/iam/docs/manage-workload-identity-pools-providers
 */
function undelete(id: string): void {
  const [, project, pool, provider] = federated.exec(id) ?? [];
  if (!project || !pool) return;
  const place = [`--project=${project}`, '--location=global'];
  const group = ['iam', 'workload-identity-pools', ...(provider ? ['providers'] : [])];
  const which = provider ? [provider, `--workload-identity-pool=${pool}`, ...place] : [pool, ...place];
  const state = run('gcloud', [...group, 'describe', ...which, '--format=value(state)'], { quiet: true }).trim();
  if (state !== 'DELETED') return;
  say(`${id} is deleted at Google; undeleting it.`);
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
  if (!stack || pairs.length === 0) throw new Failure('Usage: pnpm adopt STACK NAME=ID...');
  const ids = idsOf(pairs);
  // The pool must be restored before its providers. Its id is shorter.
  for (const id of ids.sort((a, b) => a.length - b.length)) undelete(id);
  pulumi(stack, ['up', '--yes', '--skip-preview'], { env: { [adoptionVariable]: pairs.join(' ') } });
});
