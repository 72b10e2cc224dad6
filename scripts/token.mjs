// The command `npm run token -- --sub alice --tier starter`. Prints a token that the service
// started by `npm start` accepts.
import { endOnSignals, run } from './child-processes.mjs';
import { platformProblem } from './preflight.mjs';
import { installation } from './service.mjs';
import { node24 } from './toolchain.mjs';

function exitWith({ message, exitCode }) {
  process.stderr.write(message);
  process.exit(exitCode);
}

const problem = platformProblem('npm run token');
if (problem !== undefined) exitWith({ ...problem, message: `${problem.message}\n` });
endOnSignals();
const { isDone, run: install } = installation();
if (!isDone) {
  const { code, output } = await install();
  if (code !== 0) exitWith({ message: output, exitCode: code });
}
process.exitCode = await run(node24, ['apps/api/dev/token.ts', ...process.argv.slice(2)]);
