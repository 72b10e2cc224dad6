// pnpm leaks PATH...: finds keys of this service in files, offline, by form and checksum.
import { parseArgs } from 'node:util';
import { jsonReport, textReport } from './src/report.ts';
import { scan, type Tally } from './src/scan.ts';

const usage = 'Usage: pnpm leaks [--json] PATH...\n';

const help = `${usage}
Finds keys of this service in files, offline: text in the form of a key whose checksum is right.

PATH is a file, a folder with all below it, or - for standard input. Everything in a folder is read: hidden files,
node_modules and .git too, files of any size, binary files, text in UTF-8 and UTF-16; names are looked at as well.
Symbolic links in a folder are not followed, and pipes, sockets and devices in it are not opened. What is compressed or
encoded is read as it stands, so nothing is found in archives, or in git's history unless git unpacks it:

  git cat-file --batch-all-objects --batch | pnpm leaks -

Each key is a line, PATH:LINE:COLUMN: and the key, masked. The column counts bytes; in UTF-16, characters.

  --json  one JSON object a line instead: {"path","offset","line","column","key"}, without a place for a key in a name;
          {"path","error"} for what could not be read
  --help  this text

Exit code: 0 no key found, 1 keys found, 2 not everything could be read, whatever was found.
`;

const out = (line: string) => void process.stdout.write(`${line}\n`);
const err = (line: string) => void process.stderr.write(`${line}\n`);

/** What was asked for; undefined for an option that there is none of. */
function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { json: { type: 'boolean' }, help: { type: 'boolean' } },
    });
    return { ...values, paths: positionals };
  } catch {
    return undefined; // The library's message repeats what was typed, which may be a key.
  }
}

const count = (number: number, one: string, more: string) => `${number} ${number === 1 ? one : more}`;

function summaryOf({ read, found, unreadable, passedOver }: Tally): string {
  const failures = unreadable === 0 ? '' : `, ${unreadable} could not be read`;
  const others = passedOver === 0 ? '' : `, ${count(passedOver, 'link or device', 'links or devices')} passed over`;
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
  const tally = await scan(asked.paths, process.stdin, asked.json ? jsonReport(out) : textReport(out, err));
  err(summaryOf(tally));
  if (tally.unreadable > 0) return 2;
  return tally.found > 0 ? 1 : 0;
}

// Node's own code for a failure would say that keys were found.
process.on('uncaughtException', (error) => {
  err((error as NodeJS.ErrnoException).code === 'EPIPE' ? 'nobody reads the findings' : String(error.stack));
  process.exit(2);
});
process.exitCode = await main();
