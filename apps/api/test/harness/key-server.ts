import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Something that publishes keys as JSON over real HTTP, whose answer and moods a test sets. */
export interface KeyServer {
  readonly url: string;
  /** How often it was asked. */
  fetches(): number;
  /** What it answers. */
  answer: unknown;
  /** `ok` answers, `broken` answers 500, `moved` answers that it is elsewhere, `silent` never answers. */
  mood: 'ok' | 'broken' | 'moved' | 'silent';
  close(): Promise<void>;
}

const statuses = { ok: 200, broken: 500, moved: 302 } as const;

export async function startKeyServer(): Promise<KeyServer> {
  let fetches = 0;
  const server = createServer(({ url }, response) => {
    fetches++;
    if (endpoint.mood === 'silent') return;
    const isElsewhere = url === '/elsewhere';
    response.statusCode = isElsewhere ? 200 : statuses[endpoint.mood];
    if (endpoint.mood === 'moved' && !isElsewhere) response.setHeader('location', '/elsewhere');
    response.setHeader('content-type', 'application/json').end(JSON.stringify(endpoint.answer));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const endpoint: KeyServer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`,
    fetches: () => fetches,
    answer: {},
    mood: 'ok',
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
  return endpoint;
}
