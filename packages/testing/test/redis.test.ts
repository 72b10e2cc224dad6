import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listenOnLoopback } from '../src/listen-on-loopback.ts';
import { missingForRedis, startRedis } from '../src/redis.ts';

test.skipIf(missingForRedis() !== undefined)(
  'a Redis server whose port is taken is reported when it exits, with its output',
  async () => {
    const server = createServer();
    const port = await listenOnLoopback(server);
    await expect(startRedis(port)).rejects.toMatchObject({
      message: expect.stringContaining('Address already in use'),
      cause: { message: 'Redis exited.' },
    });
    server.close();
  },
);
