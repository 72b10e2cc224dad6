// The command `npm run token -- --sub alice --tier starter`. Prints a token that the service
// started by `npm start` accepts.
import { endOnSignals } from './child-processes.mjs';
import { installation } from './service.mjs';
import { node24, required, run } from './toolchain.mjs';

const { isDone, run: install } = installation();
if (!isDone) {
  endOnSignals();
  await required(async () => {
    const { code, output } = await install();
    if (code !== 0) process.stderr.write(output);
    return code;
  });
}
process.exitCode = await run(node24, ['apps/api/dev/token.ts', ...process.argv.slice(2)]);
