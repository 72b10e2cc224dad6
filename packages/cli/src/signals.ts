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
 * Holds back the signals that would end this process, so that a new key is not lost before it is
 * stored or printed. A second signal ends the process nevertheless. {@link releaseSignals} undoes
 * the call, and {@link releaseAllSignals} does so once the command has ended.
 */
export function holdSignals(): void {
  if (holds++ === 0) for (const signal of signals) process.on(signal, onSignal);
}

/**
 * Undoes one call to {@link holdSignals}. When all calls are undone, a signal that was held back
 * ends the process.
 */
export function releaseSignals(): void {
  if (holds === 0 || --holds > 0) return;
  for (const signal of signals) process.off(signal, onSignal);
  if (received !== undefined) process.kill(process.pid, received);
}

/** Undoes all calls to {@link holdSignals}. */
export function releaseAllSignals(): void {
  holds = Math.min(holds, 1);
  releaseSignals();
}
