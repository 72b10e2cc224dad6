import type { AddressInfo } from 'node:net';
import { apiKeyGuard } from '@andamio/guard';
import express from 'express';

// A service of another team, which responds with a small JSON object. If VERIFY_URL is set, the
// service requires API keys.
const app = express();
const { VERIFY_URL: verify } = process.env;

if (verify !== undefined) app.use(apiKeyGuard({ verify }));
app.get('/', (_request, response) => {
  response.json({ greeting: 'Hello!', number: 42 });
});

const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port, message: 'listening' })}\n`);
});
