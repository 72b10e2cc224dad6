/**
 * A queue that runs the writes of each owner in order within this process, so that they conflict
 * only with writes of other processes. Writes of different owners never wait for each other.
 */
export class OwnerQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs a task once all earlier tasks of the same owner have succeeded or failed. */
  async run<T>(owner: string, task: () => Promise<T>): Promise<T> {
    const before = this.#last.get(owner);
    const result = before === undefined ? task() : before.then(task, task);
    this.#last.set(owner, result);
    try {
      return await result;
    } finally {
      if (this.#last.get(owner) === result) this.#last.delete(owner);
    }
  }

  /** Resolves when no task is running. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
