import { createServer } from 'node:http';
import express from 'express';
import { listen } from '../harness/listen.ts';

// A minimal Express app that responds to a GET with five fields. It checks no keys, and has no
// limits, validation, store or log.
const app = express();

app.get('/api/v1/apikey/verify', (_request, response) => {
  response.json({
    user_id: 'owner-1',
    name: 'MyFirstKey',
    tier: 'enterprise',
    created_at: '2025-08-31T23:59:59Z',
    expires_at: '2026-08-31T23:59:59Z',
  });
});

await listen(createServer(app));
