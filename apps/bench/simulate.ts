// The command `pnpm simulate`: prints what a load needs and costs, without and with Redis.
import { parseArgs } from 'node:util';
import { calibrate } from './simulate/calibrate.ts';
import type { ProcessorTimes } from './simulate/processor-times.ts';
import { defaultLoad, tableOfLoad, timesTable } from './simulate/tables.ts';

const usage = `Usage: npx -y pnpm@12 simulate [OPTION [NUMBER]]...

  --rate          verifications per second (1000)
  --keys          keys in use, each of a different owner (${defaultLoad.keys})
  --popularity    exponent of Zipf's law; 0 if all keys are used equally (${defaultLoad.popularity})
  --run           requests that follow each other with one key (${defaultLoad.run})
  --run-seconds   duration of a run (${defaultLoad.runSeconds})
  --instances     instances of the service (as many as Cloud Run starts)
  --calibrate     measure the processor times of the built service first, for about a minute
  --save          with --calibrate: save the measured times in processor-times.json, which
                  docs/scale.md uses; needs Redis and the Firestore emulator
`;

const option = { type: 'string' } as const;

/** Returns an option's number. Exits with 64 if it is out of range. */
function number(
  name: string,
  text: string | undefined,
  from: number,
  to: number,
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (text.trim() !== '' && value >= from && value <= to) return value;
  process.stderr.write(`--${name} must be a number from ${from} to ${to}.\n\n${usage}`);
  process.exit(64);
}

/** Parses the command line. Exits with 64 if it contains an unknown option. */
function readOptions() {
  try {
    return parseArgs({
      options: {
        rate: option,
        keys: option,
        popularity: option,
        run: option,
        'run-seconds': option,
        instances: option,
        calibrate: { type: 'boolean', default: false },
        save: { type: 'boolean', default: false },
        help: { type: 'boolean', short: 'h', default: false },
      },
    }).values;
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n\n${usage}`);
    return process.exit(64);
  }
}

/** Returns the processor times that were measured in this run. Exits with 1 if that fails. */
async function measured(saves: boolean): Promise<Partial<ProcessorTimes>> {
  try {
    return await calibrate({ log: (line) => process.stderr.write(`${line}\n`), saves });
  } catch (error) {
    process.stderr.write(`${(error as Error).message}\n`);
    return process.exit(1);
  }
}

async function main(): Promise<void> {
  const values = readOptions();
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (values.save && !values.calibrate) {
    process.stderr.write(`--save needs --calibrate.\n\n${usage}`);
    process.exit(64);
  }
  const keys = number('keys', values.keys, 1, 20_000_000);
  const run = number('run', values.run, 1, 100_000);
  const instances = number('instances', values.instances, 1, 1_000);
  const load = {
    verificationsPerSecond: number('rate', values.rate, 1, 1_000_000) ?? 1_000,
    keys: Math.round(keys ?? defaultLoad.keys),
    popularity: number('popularity', values.popularity, 0, 3) ?? defaultLoad.popularity,
    run: Math.round(run ?? defaultLoad.run),
    runSeconds: number('run-seconds', values['run-seconds'], 0, 86_400) ?? defaultLoad.runSeconds,
  };
  const times = values.calibrate ? await measured(values.save) : {};
  const table = tableOfLoad(load, instances && Math.round(instances), times);
  process.stdout.write(`${table}\n\n${timesTable(times)}\n`);
}

await main();
