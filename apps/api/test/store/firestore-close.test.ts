import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { fileURLToPath } from 'node:url';
import { expect, onTestFinished, test } from 'vitest';

const store = fileURLToPath(new URL('../../src/store/firestore/store.ts', import.meta.url));

/**
 * A program that reads from a Firestore that does not respond, and closes the store after the
 * failure. It exits when the event loop is empty.
 */
const program = `
  import { createFirestoreStore } from ${JSON.stringify(store)};
  const store = createFirestoreStore({ project: 'silent', database: '(default)', emulatorHost: process.argv[1] });
  await store.check().catch(() => console.log('given up'));
  await store.close();
  console.log('closed');
`;

test('closing a store whose database does not respond causes no unhandled rejection', async () => {
  const silent = createServer(() => {}).listen(0, '127.0.0.1');
  onTestFinished(() => void silent.close());
  await once(silent, 'listening');
  const host = `127.0.0.1:${(silent.address() as AddressInfo).port}`;

  const child = spawn(process.execPath, ['--input-type=module', '--eval', program, host]);
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text) => (output += text));
  const [code] = await once(child, 'close');
  expect(output).toMatch(/given up\n[\s\S]*closed\n/);
  expect(code, output).toBe(0);
  // The process exits when the library no longer retries the read, after up to a minute.
}, 180_000);
