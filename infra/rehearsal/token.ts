// node rehearsal/token.ts FILE: prints a token of the rehearsal's issuer. The issuer shares the
// secret in FILE with the service, as HS256 requires. The pipeline does not have the secret.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import jwt from 'jsonwebtoken';

const { secret, ...options } = JSON.parse(readFileSync(process.argv[2] as string, 'utf8'));
process.stdout.write(`${jwt.sign({}, secret, { subject: `rehearsal-${randomUUID()}`, expiresIn: 60, ...options })}\n`);
