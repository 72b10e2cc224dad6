import { printable } from '@andamio/schema/printable';
import { tiers } from '@andamio/schema/tiers';
import { isCloudRunJob } from '../../settings.ts';
import { type Command, type Context, defineCommand, UsageError } from '../command.ts';
import { authorOf } from '../options.ts';
import { executeFor } from '../serve/execute.ts';
import { type PageServer, startPageServer } from '../serve/server.ts';

/** Number of minutes without a request after which the server of the operators' page stops. */
const idleMinutes = 30;

function portOf({ port }: { readonly port?: string | undefined }): number {
  if (port === undefined) return 0;
  if (!/^[1-9]\d{3,4}$/.test(port) || Number(port) < 1024 || Number(port) > 65_535)
    throw new UsageError('--port must be an integer from 1024 to 65535.');
  return Number(port);
}

/**
 * Waits until a signal asks the process to end, or the page is idle. Returns the reason. The next
 * signal ends the process immediately.
 */
async function untilEnd({ idle }: PageServer, { signals }: Context): Promise<'signal' | 'idle'> {
  const names = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  const { promise: signaled, resolve } = Promise.withResolvers<'signal'>();
  const end = () => resolve('signal');
  for (const name of names) signals.on(name, end);
  try {
    return await Promise.race([signaled, idle.then(() => 'idle' as const)]);
  } finally {
    for (const name of names) signals.off(name, end);
  }
}

async function start(
  commands: ReadonlyMap<string, Command>,
  context: Context,
  port: number,
  operator: string,
): Promise<PageServer> {
  const summaries = [...commands].map(([name, { summary }]) => [name, summary] as const);
  return await startPageServer({
    folder: context.pageFolder,
    port,
    idleTime: idleMinutes * 60_000,
    about: {
      store: context.storeName,
      live: context.isLive,
      operator,
      idle_minutes: idleMinutes,
      tiers: Object.keys(tiers),
      commands: Object.fromEntries(summaries),
    },
    execute: executeFor(commands, context, operator),
  });
}

/**
 * Returns the command `serve`, which serves the operators' page.
 *
 * @param commands the commands that the page can execute
 */
export const serveFor = (commands: ReadonlyMap<string, Command>): Command =>
  defineCommand({
    usage: '[--port N] [--by NAME]',
    summary: `Serves a page with all other commands to a browser on this machine, until Ctrl-C or ${idleMinutes} minutes without a request.`,
    options: { port: { type: 'string' }, by: { type: 'string' } },
    printsSecret: false,
    plan(values, environment) {
      if (isCloudRunJob(environment))
        throw new UsageError(
          'serve needs a browser on the same machine, which a job does not have.',
        );
      const port = portOf(values);
      const operator = authorOf({ by: values.by }, environment).by.id as string;
      return async (context) => {
        const page = await start(commands, context, port, operator);
        await context.print({
          done: true,
          json: { outcome: 'serving', address: page.address },
          text: [
            page.address,
            `Open this address in a browser on this machine. It works once. Changes are recorded as ${printable(operator)}.`,
            `Press Ctrl-C to end the page. It also ends after ${idleMinutes} minutes without a request.`,
          ],
        });
        const reason = await untilEnd(page, context);
        await page.close();
        return {
          done: true,
          json: { outcome: 'ended', reason },
          text: [
            reason === 'idle'
              ? `The page has ended: ${idleMinutes} minutes without a request.`
              : 'The page has ended.',
          ],
        };
      };
    },
  });
