import { parseArgs } from 'node:util';
import jwt from 'jsonwebtoken';
import { readSettings } from '../src/settings.ts';

const usage =
  'npm run token -- --sub USER [--tier pioneer|starter|growth|enterprise] [--scope "apikey:write"] [--alias NAME] [--hours 24]';

const { values } = parseArgs({
  options: {
    sub: { type: 'string' },
    tier: { type: 'string' },
    scope: { type: 'string' },
    alias: { type: 'string' },
    hours: { type: 'string', default: '24' },
  },
});
const { sub, hours, ...claims } = values;
const { keys, issuer, audience } = readSettings().jwt;

if (sub === undefined || !(Number(hours) > 0)) {
  process.stderr.write(`${usage}\n`);
  process.exitCode = 64; // EX_USAGE of sysexits.h
} else if (keys.kind !== 'secrets') {
  process.stderr.write('JWT_JWKS_URL is set: only the issuer of its keys can make tokens.\n');
  process.exitCode = 78; // EX_CONFIG of sysexits.h
} else {
  const options = {
    subject: sub,
    expiresIn: Math.round(Number(hours) * 3600),
    ...(issuer !== undefined && { issuer }),
    ...(audience !== undefined && { audience }),
  };
  process.stdout.write(`${jwt.sign(claims, keys.secrets[0] as string, { algorithm: 'HS256', ...options })}\n`);
}
