// node rehearsal/token.ts FILE: prints a token as the issuer of the rehearsal makes it. The issuer shares the secret in FILE with the
// service, as issuers of HS256 do; the pipeline does not know it.
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import jwt from 'jsonwebtoken';

const { secret, ...options } = JSON.parse(readFileSync(process.argv[2] as string, 'utf8'));
process.stdout.write(`${jwt.sign({}, secret, { subject: `rehearsal-${randomUUID()}`, expiresIn: 60, ...options })}\n`);
