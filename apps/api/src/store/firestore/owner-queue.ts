/**
 * Lets the writes of one owner follow each other within this process, so that they meet at the
 * owner's document only with other processes'. Writes of distinct owners never wait for each other.
 */
export class OwnerQueue {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Runs the task once every earlier one of the same owner has ended, well or badly. */
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

  /** Resolves when nothing is under way. */
  async settled(): Promise<void> {
    await Promise.allSettled(this.#last.values());
  }
}
