// The command `pnpm leaks PATH...`, which finds this service's API keys in files. It works offline
// and recognizes keys by format and checksum.
import { parseArgs } from 'node:util';
import { jsonReport, textReport } from './src/report.ts';
import { scan, type Tally } from './src/scan.ts';

const usage = 'Usage: pnpm leaks [--json] PATH...\n';

const help = `${usage}
Finds keys of this service in files: text with the format and checksum of a key. Works offline.

PATH is a file, a folder, or - for standard input. A folder is searched completely, including hidden
files, node_modules and .git, files of any size, binary files, and text in UTF-8 and UTF-16. File names
are searched as well. Symbolic links in a folder are not followed, and its pipes, sockets and devices
are skipped. Compressed or encoded data is not unpacked, so keys in archives are not found. To search
the history of a git repository, let git unpack it:

  git cat-file --batch-all-objects --batch | pnpm leaks -

Each key is printed on a line, as PATH:LINE:COLUMN: and the masked key. Columns count bytes, or
characters in UTF-16.

  --json  print one JSON object per line: {"path","offset","line","column","key"}. A key in a file
          name has only "path" and "key". {"path","error"} is a path that could not be read.
  --help  print this text

Exit code: 0 no key found, 1 keys found, 2 some paths could not be read, whether or not keys were found.
`;

const out = (line: string) => void process.stdout.write(`${line}\n`);
const err = (line: string) => void process.stderr.write(`${line}\n`);

/** Parses the command line. Returns undefined if it contains an unknown option. */
function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
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
  const tally = await scan(
    asked.paths,
    process.stdin,
    asked.json ? jsonReport(out) : textReport(out, err),
  );
  err(summaryOf(tally));
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
