// npm run token -- --sub alice --tier starter: prints a token that is accepted by the service of
// npm start.
import { existsSync } from 'node:fs';
import { install, node24, required, run } from './toolchain.mjs';

if (!existsSync(node24)) await required(install);
process.exitCode = await run(node24, ['apps/api/dev/token.ts', ...process.argv.slice(2)]);
