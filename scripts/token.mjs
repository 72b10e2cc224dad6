// The command `npm run token -- --sub alice --tier starter`. Prints a token that the service
// started by `npm start` accepts.
import { endOnSignals, run } from './child-processes.mjs';
import { requirePlatform } from './preflight.mjs';
import { installation } from './service.mjs';
import { node24 } from './toolchain.mjs';

requirePlatform('npm run token');
endOnSignals();
const { isDone, run: install } = installation();
if (!isDone) {
  const { code, output } = await install();
  if (code !== 0) {
    process.stderr.write(output);
    process.exit(code);
  }
}
const args = ['apps/api/dev/token.ts', ...process.argv.slice(2)];
process.exitCode = await run(node24, args, 'inherit'); // `--explain -` reads standard input.
