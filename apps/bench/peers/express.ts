import { createServer } from 'node:http';
import express from 'express';
import { listen } from '../harness/listen.ts';

// A minimal Express app that responds to a JSON request with six fields. It verifies no tokens,
// creates no keys, and has no limits, validation, store or log.
const app = express();

app.post('/api/v1/apikey/request', express.json(), (request, response) => {
  response.json({
    api_key: 'ant-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx',
    created_at: '2025-08-31T23:59:59Z',
    expires_at: '2026-08-31T23:59:59Z',
    expires_in_days: request.body.expires_in_days,
    is_active: true,
    name: request.body.api_key_name,
  });
});

await listen(createServer(app));
