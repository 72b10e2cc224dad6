const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let holds = 0;
let received: NodeJS.Signals | undefined;

function onSignal(signal: NodeJS.Signals): void {
  if (received !== undefined) {
    releaseAllSignals();
    return;
  }
  received = signal;
  process.stderr.write(
    'Interrupted. The command ends once it has stored, printed or deleted the key. Interrupt again to end at once.\n',
  );
}

/**
 * Holds back the signals that would end this process, so that no key is created that is neither
 * stored nor printed. A second signal ends the process nevertheless. Each call needs a call of
 * {@link releaseSignals}.
 */
export function holdSignals(): void {
  if (holds++ === 0) for (const signal of signals) process.on(signal, onSignal);
}

/**
 * Takes back one call of {@link holdSignals}. After the last one, a signal that was held back ends
 * the process.
 */
export function releaseSignals(): void {
  if (holds === 0 || --holds > 0) return;
  for (const signal of signals) process.off(signal, onSignal);
  if (received !== undefined) process.kill(process.pid, received);
}

/** Takes back all calls of {@link holdSignals}. */
export function releaseAllSignals(): void {
  holds = Math.min(holds, 1);
  releaseSignals();
}
