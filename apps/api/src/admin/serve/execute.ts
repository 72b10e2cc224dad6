import { containsKey } from '@andamio/schema/key-format';
import * as z from 'zod';
import { type Command, type Context, type Report, UsageError } from '../command.ts';
import { describeError } from '../errors.ts';
import type { PageAnswer } from './server.ts';

/** The body of a request that executes a command. */
const requestSchema = z.strictObject({
  /** The options of the command. None of them is {@link reserved}. */
  options: z.record(z.string(), z.union([z.string(), z.boolean()])),
  /** The text that the command reads from standard input: a key. */
  input: z.string().default(''),
  /** Whether to return a preview of the change instead of making it. */
  preview: z.boolean().default(false),
});

type PageRequest = z.infer<typeof requestSchema>;

/**
 * Options that a request must not contain. The page asks for confirmation itself, and `serve` fixes
 * the operator for the whole run.
 */
const reserved: readonly string[] = ['yes', 'dry-run', 'by'];

function assertOptions({ options: declared }: Command, options: PageRequest['options']): void {
  for (const [name, value] of Object.entries(options)) {
    const isDeclared = Object.hasOwn(declared, name) && !reserved.includes(name);
    if (!isDeclared || typeof value !== declared[name]?.type)
      throw new UsageError('The command has no such option.');
  }
  if (Object.values(options).map(String).some(containsKey))
    throw new UsageError('A field contains a key. Enter keys only on the page "Find a key".');
}

const secretPrinted: Report = {
  done: true,
  json: { outcome: 'printed' },
  text: ['Printed in the terminal in which admin.js serve runs.'],
};

async function execute(
  command: Command,
  { options, input, preview }: PageRequest,
  context: Context,
  operator: string,
): Promise<unknown> {
  assertOptions(command, options);
  const author = Object.hasOwn(command.options, 'by') ? { by: operator } : {};
  const plan = command.plan({ ...options, ...author }, context.environment);
  const own = { ...context, readInput: async () => input };
  if (preview) {
    if (typeof plan === 'function') throw new UsageError('The command has no preview.');
    return plan.preview(own);
  }
  const report = await (typeof plan === 'function' ? plan(own) : plan.execute(own));
  if (!command.printsSecret || !report.done) return report;
  await context.print(report);
  return secretPrinted;
}

/**
 * Creates the function that executes commands for the operators' page. The commands have the same
 * validation, previews and reports as on the command line.
 *
 * @param operator the name that the audit log records
 */
export function executeFor(
  commands: ReadonlyMap<string, Command>,
  context: Context,
  operator: string,
): (name: string, body: unknown) => Promise<PageAnswer> {
  return async (name, body) => {
    const command = commands.get(name);
    const request = requestSchema.safeParse(body);
    if (command === undefined || !request.success)
      return { status: 400, json: { error: 'The request is not one of this page.' } };
    try {
      return { status: 200, json: await execute(command, request.data, context, operator) };
    } catch (error) {
      const { status, reason, advice } = describeError(error);
      return { status, json: { error: `${reason}${advice.page}` } };
    }
  };
}
