// node rehearsal/token.ts: a token as the issuer of the rehearsal makes it. It shares the secret with the service, as issuers of
// HS256 do, and the pipeline knows nothing of it.
import { createHmac, randomUUID } from 'node:crypto';

const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const seconds = Math.floor(Date.now() / 1000);
const payload = {
  sub: `rehearsal-${randomUUID()}`,
  iss: process.env['ISSUER'],
  aud: process.env['AUDIENCE'],
  exp: seconds + 60,
};
const signed = `${encode({ alg: 'HS256', typ: 'JWT' })}.${encode(payload)}`;
const signature = createHmac('sha256', process.env['ISSUER_SECRET'] ?? '')
  .update(signed)
  .digest('base64url');
process.stdout.write(`${signed}.${signature}\n`);
