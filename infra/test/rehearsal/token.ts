// node token.ts FILE: prints a token of the rehearsal's issuer. As HS256 requires, the
// issuer and the service share a secret. FILE contains the secret, and the pipeline has no access
// to it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import jwt from 'jsonwebtoken';

const { secret, ...options } = JSON.parse(readFileSync(process.argv[2] as string, 'utf8'));
process.stdout.write(
  `${jwt.sign({}, secret, { subject: `rehearsal-${randomUUID()}`, expiresIn: 60, ...options })}\n`,
);
