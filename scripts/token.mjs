// The command `npm run token -- --sub alice --tier starter`. Prints a token that the service
// started by `npm start` accepts.
import { existsSync } from 'node:fs';
import { install, node24, required, run } from './toolchain.mjs';

if (!existsSync(node24)) await required(install);
process.exitCode = await run(node24, ['apps/api/dev/token.ts', ...process.argv.slice(2)]);
