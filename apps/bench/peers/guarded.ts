import { createServer } from 'node:http';
import { apiKeyGuard } from '@andamio/guard';
import express from 'express';
import { listen } from '../harness/listen.ts';

// A service of another team, which responds with a small JSON object. If VERIFY_URL is set, the
// service requires API keys.
const app = express();
const { VERIFY_URL: verify } = process.env;

if (verify !== undefined) app.use(apiKeyGuard({ verify }));
app.get('/', (_request, response) => {
  response.json({ greeting: 'Hello!', number: 42 });
});

await listen(createServer(app));
