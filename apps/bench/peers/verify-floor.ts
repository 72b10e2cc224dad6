import { createServer } from 'node:http';
import { listen } from '../harness/listen.ts';

// This program does only the essential work of verifying a known key: it looks the key up in a Map
// and responds. Every key is known after its first request. The program has no HMAC, limits, usage
// or log.

const body = JSON.stringify({
  user_id: 'owner-1',
  name: 'MyFirstKey',
  tier: 'enterprise',
  created_at: '2025-08-31T23:59:59Z',
  expires_at: '2026-08-31T23:59:59Z',
});
const known = new Map<string, string>();

const server = createServer((request, response) => {
  const key = request.headers['x-api-key'] as string;
  const found = known.get(key) ?? body;
  known.set(key, found);
  response
    .writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': Buffer.byteLength(found),
      'Cache-Control': 'private, max-age=10',
    })
    .end(found);
});

await listen(server);
