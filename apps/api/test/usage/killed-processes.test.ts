import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { utcDayOf } from '@andamio/keys/usage/calendar';
import { type FirestoreProxy, startFirestoreProxy } from '@andamio/testing/firestore-proxy';
import { waitFor } from '@andamio/testing/wait-for';
import { expect, inject, onTestFinished, test } from 'vitest';
import { freshProject, openFirestoreStore } from '../harness/stores.ts';

const program = fileURLToPath(new URL('../harness/usage-process.ts', import.meta.url));
const emulatorHost = inject('emulatorHost') as string;
const owners = ['alice', 'bob', 'carol'];
const rounds = 10;

/** The key names of all recorded requests, by owner. */
class Requests {
  readonly #names = new Map(owners.map((owner): [string, string[]] => [owner, []]));

  add(owner: string, name: string): void {
    this.#names.get(owner)?.push(name);
  }

  of(owner: string): readonly string[] {
    return this.#names.get(owner) ?? [];
  }

  get total(): number {
    return owners.reduce((sum, owner) => sum + this.of(owner).length, 0);
  }
}

test.skipIf(inject('emulatorHost') === undefined)(
  `counts nothing twice and loses only what killed processes had not stored: ${2 * rounds} kills, and answers that are cut off all the time`,
  async () => {
    const project = freshProject();
    const startedOn = utcDayOf(Date.now());
    const [counted, stored] = [new Requests(), new Requests()];
    const proxies = [
      await startFirestoreProxy(emulatorHost),
      await startFirestoreProxy(emulatorHost),
    ];

    function start({ host }: FirestoreProxy): ChildProcess {
      const child = spawn(process.execPath, [program, project, host, ...owners], {
        stdio: ['ignore', 'pipe', 'inherit'],
        env: { ...process.env, NODE_NO_WARNINGS: '1' },
      });
      onTestFinished(() => void child.kill('SIGKILL'));
      createInterface({ input: child.stdout as NodeJS.ReadableStream }).on('line', (line) => {
        const [word, owner, name] = line.split(' ') as [string, string, string];
        (word === 'counted' ? counted : stored).add(owner, name);
      });
      return child;
    }

    /** Number of connections cut after a call whose response was withheld. */
    let cuts = 0;
    let isCutting = true;
    const cutting = proxies.map(async (proxy) => {
      while (isCutting) {
        const before = proxy.calls();
        const nth = 1 + Math.floor(Math.random() * 4);
        proxy.loseAnswerTo(nth);
        await waitFor('a call', () => !isCutting || proxy.calls() >= before + nth, 60);
        // The emulator commits what it has received, although its response cannot reach the
        // service.
        await new Promise(setImmediate);
        proxy.cut();
        cuts++;
        const answered = stored.total;
        await waitFor('an answer', () => !isCutting || stored.total > answered, 60);
      }
    });

    for (let round = 0; round < rounds; round++) {
      const before = stored.total;
      const children = proxies.map(start);
      const enough = before + 1 + Math.floor(Math.random() * 6);
      await waitFor('usage to be stored', () => stored.total >= enough, 60);
      for (const child of children) child.kill('SIGKILL');
      await Promise.all(children.map((child) => once(child, 'close')));
    }
    const unknown = counted.total - stored.total;

    const children = proxies.map(start);
    const enough = stored.total + 6;
    await waitFor('more usage to be stored', () => stored.total >= enough, 60);
    isCutting = false;
    await Promise.all(cutting);
    for (const proxy of proxies) proxy.cut();
    for (const child of children) child.kill('SIGTERM');
    const codes = await Promise.all(children.map((child) => once(child, 'close')));
    expect(codes).toEqual([
      [0, null],
      [0, null],
    ]);
    expect(counted.total - stored.total, 'a process that ends stores everything').toBe(unknown);
    expect(cuts).toBeGreaterThan(rounds);

    const store = openFirestoreStore(emulatorHost, project);
    const days = [startedOn, utcDayOf(Date.now())];
    for (const userId of owners) {
      const names = counted.of(userId);
      const rows = await store.readUsage({ userId, days: [...new Set(days)], names });
      expect(new Set(rows.map(({ requests }) => requests)), 'nothing is counted twice').toEqual(
        new Set([1]),
      );
      const found = rows.map(({ name }) => name);
      expect(new Set(found).size).toBe(found.length);
      expect(found, 'what was confirmed is stored').toEqual(
        expect.arrayContaining([...stored.of(userId)]),
      );
    }
  },
  180_000,
);
