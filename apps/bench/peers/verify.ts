import { createServer } from 'node:http';
import { listen } from '../harness/listen.ts';

// Responds as the service does for a valid key. The owner has no rate limit, because the load would
// exhaust a real one within a second.
const body = JSON.stringify({
  user_id: 'user-1',
  name: 'MyFirstKey',
  tier: 'enterprise',
  created_at: '2025-08-31T23:59:59Z',
  expires_at: '2099-08-31T23:59:59Z',
});

const server = createServer((_request, response) => {
  response
    .writeHead(200, {
      'Content-Type': 'application/json',
      'Cache-Control': 'private, max-age=10',
      'X-RateLimit-Limit': '999999999',
      'X-RateLimit-Remaining': '999999999',
      'X-RateLimit-Reset': `${Math.ceil(Date.now() / 1000) + 60}`,
    })
    .end(body);
});

await listen(server);
