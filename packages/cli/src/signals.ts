const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

let holds = 0;
let received: NodeJS.Signals | undefined;
let isListening = false;
const lastWords = new Set<string>();
const cleanUps = new Set<() => void>();

/** Ends the process by a signal, after the last words and the {@link cleanUpOnSignal clean-up}. */
function end(signal: NodeJS.Signals): void {
  for (const name of signals) process.off(name, onSignal);
  for (const message of lastWords) process.stderr.write(`${message}\n`);
  for (const cleanUp of cleanUps) {
    try {
      cleanUp();
    } catch {
      // The process must end nevertheless.
    }
  }
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

function listen(): void {
  if (isListening) return;
  // The listeners stay until the process ends. A signal that has arrived when its listener is
  // removed, but was not dispatched yet, would be lost.
  isListening = true;
  for (const name of signals) process.on(name, onSignal);
}

/**
 * Holds back the signals that would end this process, so that a new key is not lost before it is
 * stored or printed. A second signal ends the process nevertheless. {@link releaseSignals} undoes
 * the call, and {@link releaseAllSignals} does so once the command has ended.
 */
export function holdSignals(): void {
  holds++;
  listen();
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
 * Adds a message that is written to standard error if a signal ends this process after the first
 * call to {@link holdSignals}. The message says that a key may exist or may be deleted, and what the
 * user can do.
 */
export function addLastWords(message: string): void {
  lastWords.add(message);
}

/** Removes a message that {@link addLastWords} has added. */
export function removeLastWords(message: string): void {
  lastWords.delete(message);
}

/** Removes all messages that {@link addLastWords} has added. */
export function clearLastWords(): void {
  lastWords.clear();
}

/**
 * Registers a synchronous function that is called if a signal ends this process. Returns a function
 * that undoes the call.
 */
export function cleanUpOnSignal(cleanUp: () => void): () => void {
  cleanUps.add(cleanUp);
  listen();
  return () => void cleanUps.delete(cleanUp);
}

/** Undoes all calls to {@link holdSignals} and {@link addLastWords}. */
export function releaseAllSignals(): void {
  clearLastWords();
  holds = 0;
  releaseSignals();
}
