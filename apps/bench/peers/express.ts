import type { AddressInfo } from 'node:net';
import express from 'express';

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

const server = app.listen(0, '127.0.0.1', () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ port, message: 'listening' })}\n`);
});
