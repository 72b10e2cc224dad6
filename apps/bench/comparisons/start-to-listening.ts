import type { Bench } from '../harness/bench.ts';
import { bundlePeer } from '../harness/bundle.ts';
import { alternating, type Comparison, type Measurement } from '../harness/comparison.ts';
import { type Program, timeToListening } from '../harness/program.ts';
import { serviceOnFirestore, serviceOnSqlite } from '../harness/service.ts';

async function startAndStop(program: Program, cwd: string): Promise<Measurement> {
  const { milliseconds, stop } = await timeToListening(program, cwd);
  await stop();
  return { value: milliseconds };
}

function startToListening(store: string, serviceIn: (bench: Bench) => Program): Comparison {
  return {
    name: `start-to-listening-${store}`,
    ours: `time from process start to listening, KEY_STORE=${store}`,
    other: 'the same for a minimal Express 5 app, bundled like the service',
    unit: 'ms',
    goal: { atMost: 1.25 },
    rounds: 21,
    warmUps: 3,

    async begin(bench) {
      const express = { main: await bundlePeer('express', bench.folder) };
      const service = serviceIn(bench);
      return {
        round: alternating(
          () => startAndStop(service, bench.folder),
          () => startAndStop(express, bench.folder),
        ),
      };
    },
  };
}

export const startToListeningOnSqlite = startToListening('sqlite', serviceOnSqlite);

/** The emulator is not needed because the service listens before it connects to Firestore. */
export const startToListeningOnFirestore = startToListening('firestore', (bench) =>
  serviceOnFirestore({ ...bench, emulatorHost: '127.0.0.1:1' }, 'bench-start'),
);
