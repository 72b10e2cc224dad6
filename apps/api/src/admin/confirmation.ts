import { createInterface } from 'node:readline/promises';
import { type ConfirmedChange, type Context, type Report, UsageError } from './command.ts';

/** Options of every command whose change is confirmed first. */
export const confirmationOptions = { yes: { type: 'boolean' }, 'dry-run': { type: 'boolean' } } as const;

/** How {@link confirmationOptions} are written. */
export const confirmationUsage = '[--yes | --dry-run]';

/** How a change is confirmed: it was with `--yes`, it is only shown with `--dry-run`, or the operator is asked. */
export type Confirmation = 'given' | 'dry_run' | 'ask';

/**
 * Decides how a change is confirmed.
 *
 * @param isTerminal whether somebody can be asked.
 * @throws {@link UsageError} without a terminal and without `--yes` or `--dry-run`.
 */
export function confirmationOf(
  { yes, 'dry-run': dryRun }: { readonly yes?: unknown; readonly 'dry-run'?: unknown },
  isTerminal: boolean,
): Confirmation {
  if (yes && dryRun) throw new UsageError('--yes and --dry-run exclude each other.');
  if (dryRun) return 'dry_run';
  if (yes) return 'given';
  if (!isTerminal) throw new UsageError('Without a terminal, --yes is required (or --dry-run to change nothing).');
  return 'ask';
}

async function isConfirmed(): Promise<boolean> {
  const prompt = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const ended = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
    const answer = await Promise.race([prompt.question('Continue? [y/N] '), ended]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}

/** Shows a change and makes it once it is confirmed. */
export async function confirmAndExecute(
  change: ConfirmedChange,
  context: Context,
  confirmation: Confirmation,
): Promise<Report> {
  const preview = await change.preview(context);
  if ('done' in preview) return preview;
  if (confirmation === 'dry_run') {
    return {
      done: preview.isUnknown !== true,
      json: { outcome: 'dry_run', ...preview.json },
      text: [...preview.text, 'Nothing was changed.'],
    };
  }
  if (confirmation === 'ask') {
    process.stderr.write(`${preview.text.join('\n')}\n`);
    if (!(await isConfirmed())) return { done: false, json: { outcome: 'canceled' }, text: ['Nothing was changed.'] };
  }
  return await change.execute(context);
}
