import { createInterface } from 'node:readline/promises';
import type { AdminProcess } from './admin-process.ts';
import { type Context, type PlannedChange, type Report, UsageError } from './command.ts';

/** The options of every command that makes a {@link PlannedChange}. */
export const confirmationOptions = {
  yes: { type: 'boolean' },
  'dry-run': { type: 'boolean' },
} as const;

/** The {@link confirmationOptions} as the help shows them. */
export const confirmationUsage = '[--yes | --dry-run]';

/**
 * The mode of confirmation: `--yes` was given, `--dry-run` was given, the operator is asked, or the
 * change needs no confirmation.
 */
export type Confirmation = 'given' | 'dry_run' | 'ask' | 'not_needed';

/** The values of the {@link confirmationOptions}. */
interface ConfirmationValues {
  readonly yes?: unknown;
  readonly 'dry-run'?: unknown;
}

/**
 * Refuses the options for work that is not a {@link PlannedChange}, which would ignore them.
 *
 * @throws {@link UsageError} if one of the options is given
 */
export function refuseConfirmation({ yes, 'dry-run': dryRun }: ConfirmationValues): void {
  if (yes || dryRun) throw new UsageError('--yes and --dry-run apply only to a change.');
}

/**
 * Returns the mode of confirmation.
 *
 * @param isTerminal whether the operator can be asked
 * @throws {@link UsageError} if both options are given, or if a change must be confirmed and neither
 * is given without a terminal
 */
export function confirmationOf(
  { needsConfirmation }: PlannedChange,
  { yes, 'dry-run': dryRun }: ConfirmationValues,
  isTerminal: boolean,
): Confirmation {
  if (yes && dryRun) throw new UsageError('--yes and --dry-run cannot be combined.');
  if (dryRun) return 'dry_run';
  if (!needsConfirmation) return 'not_needed';
  if (yes) return 'given';
  if (!isTerminal)
    throw new UsageError('Without a terminal, --yes is required, or --dry-run to change nothing.');
  return 'ask';
}

/** Asks the operator on a terminal whether to continue. The end of the input means no. */
export async function isConfirmed({
  stdin,
  stderr,
}: Pick<AdminProcess, 'stdin' | 'stderr'>): Promise<boolean> {
  const prompt = createInterface({ input: stdin, output: stderr });
  try {
    const closed = new Promise<string>((resolve) => prompt.once('close', () => resolve('')));
    const answer = await Promise.race([prompt.question('Continue? [y/N] '), closed]);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    prompt.close();
  }
}

/** Makes a change once it is confirmed, or only previews it. */
export async function confirmAndExecute(
  change: PlannedChange,
  context: Context,
  confirmation: Confirmation,
): Promise<Report> {
  if (confirmation === 'not_needed') return await change.execute(context);
  const preview = await change.preview(context);
  if ('done' in preview) return preview;
  if (confirmation === 'dry_run') {
    return {
      done: preview.isUnknown !== true,
      json: { outcome: 'dry_run', ...preview.json },
      text: [...preview.text, 'Nothing was changed.'],
    };
  }
  if (confirmation === 'ask' && !(await context.confirm(preview.text)))
    return { done: false, json: { outcome: 'canceled' }, text: ['Nothing was changed.'] };
  return await change.execute(context);
}
