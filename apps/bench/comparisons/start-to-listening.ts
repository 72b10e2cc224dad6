import { listeningLine } from '@andamio/testing/service-process';
import type { Bench } from '../harness/bench.ts';
import { alternating, type Comparison } from '../harness/comparison.ts';
import { bundledPeer } from '../harness/peers.ts';
import { type Program, timeUntil } from '../harness/program.ts';
import { serviceOnFirestore, serviceOnSqlite } from '../harness/service.ts';

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
      const express = await bundledPeer('express', bench);
      const service = serviceIn(bench);
      return alternating(
        () => timeUntil(service, bench, listeningLine),
        () => timeUntil(express, bench, listeningLine),
      );
    },
  };
}

export const startToListeningOnSqlite = startToListening('sqlite', serviceOnSqlite);

/** The emulator is not needed because the service listens before it connects to Firestore. */
export const startToListeningOnFirestore = startToListening('firestore', (bench) =>
  serviceOnFirestore({ ...bench, emulatorHost: '127.0.0.1:1' }, 'bench-start'),
);
