// The command `npx -y pnpm@12 leaks PATH...`, which finds this service's API keys in files. It
// works offline and recognizes keys by format and checksum.
import { parseArgs } from 'node:util';
import { serviceUrl } from '@andamio/schema/service-url';
import { jsonReport, textReport } from './src/report.ts';
import { scan, type Tally } from './src/scan.ts';
import { ReportError, sendReport } from './src/send-report.ts';

const usage = 'Usage: npx -y pnpm@12 leaks [--json] [--report URL] PATH...\n';

const help = `${usage}
Finds keys of this service in files: text with the format and checksum of a key. Works offline,
except with --report.

PATH is a file, a folder, or - for standard input. A folder is searched completely, including hidden
files, node_modules and .git, files of any size, binary files, and text in UTF-8 and UTF-16. File names
are searched as well. Symbolic links in a folder are not followed, and its pipes, sockets and devices
are skipped. Compressed or encoded data is not unpacked, so keys in archives are not found. To search
the history of a git repository, let git unpack it:

  git cat-file --batch-all-objects --batch | npx -y pnpm@12 leaks -

Each key is printed on a line, as PATH:LINE:COLUMN: and the masked key. Columns count bytes, or
characters in UTF-16.

  --json  print one JSON object per line: {"path","offset","line","column","key"}. A key in a file
          name has only "path" and "key". {"path","error"} is a path that could not be read.
  --report URL  send the found keys to the service at this address, which revokes the valid ones. It
          needs no credentials, and the service must have the setting KEY_REPORTS=on.
  --help  print this text

Exit code: 0 no key found, 1 keys found, 2 some paths could not be read, or the report was not accepted,
whether or not keys were found.
`;

const out = (line: string) => void process.stdout.write(`${line}\n`);
const err = (line: string) => void process.stderr.write(`${line}\n`);

/** Parses the command line. Returns undefined if it contains an unknown option. */
function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        report: { type: 'string' },
        help: { type: 'boolean' },
      },
    });
    return { ...values, paths: positionals };
  } catch {
    return undefined; // The parser's error quotes the arguments, which may contain a key.
  }
}

const count = (number: number, one: string, more: string) =>
  `${number} ${number === 1 ? one : more}`;

function summaryOf({ read, found, unreadable, skipped }: Tally): string {
  const failures = unreadable === 0 ? '' : `, ${unreadable} could not be read`;
  const others =
    skipped === 0 ? '' : `, ${count(skipped, 'link or device', 'links or devices')} skipped`;
  return `${count(read, 'file', 'files')} read${failures}${others}: ${count(found, 'key', 'keys')} found`;
}

/**
 * Parses the address of the service. If the address is invalid, prints the rule that it breaks and
 * returns `invalid`.
 */
function reportUrl(text: string): URL | 'invalid' {
  try {
    return serviceUrl('--report', text, 'API keys');
  } catch (error) {
    err((error as Error).message);
    return 'invalid';
  }
}

async function main(): Promise<number> {
  const asked = readArguments();
  if (asked?.help) {
    process.stdout.write(help);
    return 0;
  }
  if (asked === undefined || asked.paths.length === 0) {
    process.stderr.write(usage);
    return 2;
  }
  const service = asked.report === undefined ? undefined : reportUrl(asked.report);
  if (service === 'invalid') return 2;
  const keys = new Set<string>();
  const report = asked.json ? jsonReport(out) : textReport(out, err);
  const tally = await scan(asked.paths, process.stdin, {
    ...report,
    match(path, found) {
      keys.add(found.key);
      report.match(path, found);
    },
  });
  err(summaryOf(tally));
  if (service !== undefined && keys.size > 0) {
    try {
      await sendReport(service, keys, (seconds) =>
        err(
          `the rate limit of ${service.origin} is reached; continuing in ${count(seconds, 'second', 'seconds')}`,
        ),
      );
    } catch (error) {
      if (!(error instanceof ReportError)) throw error;
      err(error.message);
      return 2;
    }
    err(`${count(keys.size, 'key', 'keys')} reported to ${service.origin}`);
  }
  if (tally.unreadable > 0) return 2;
  return tally.found > 0 ? 1 : 0;
}

// Node.js would exit with 1, which means that keys were found.
process.on('uncaughtException', (error) => {
  err(
    (error as NodeJS.ErrnoException).code === 'EPIPE'
      ? 'the output was closed before the end'
      : String(error.stack),
  );
  process.exit(2);
});
process.exitCode = await main();
