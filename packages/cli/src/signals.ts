const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let holds = 0;
let received: NodeJS.Signals | undefined;
let lastWords: string | undefined;
let isListening = false;

/** Ends the process by a signal, after the {@link setLastWords last words}. */
function end(signal: NodeJS.Signals): void {
  for (const name of signals) process.off(name, onSignal);
  if (lastWords !== undefined) process.stderr.write(`${lastWords}\n`);
  process.kill(process.pid, signal);
}

function onSignal(signal: NodeJS.Signals): void {
  if (holds === 0 || received !== undefined) {
    end(signal);
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
  holds++;
  if (isListening) return;
  // The listeners stay until the process ends. A signal that has arrived when its listener is
  // removed, but was not dispatched yet, would be lost.
  isListening = true;
  for (const name of signals) process.on(name, onSignal);
}

/**
 * Undoes one call to {@link holdSignals}. When all calls are undone, a signal that was held back
 * ends the process.
 */
export function releaseSignals(): void {
  if (holds > 0) holds--;
  if (holds === 0 && received !== undefined) end(received);
}

/**
 * Sets the message that is written to standard error if a signal ends this process after the first
 * call to {@link holdSignals}. The message says that a key may exist, and how to find the key.
 * Undefined removes the message.
 */
export function setLastWords(message: string | undefined): void {
  lastWords = message;
}

/** Undoes all calls to {@link holdSignals} and {@link setLastWords}. */
export function releaseAllSignals(): void {
  lastWords = undefined;
  holds = 0;
  releaseSignals();
}
