/** Values by key, each until it is no longer fresh, and a bounded number of them. */
export class FreshMap<Value extends { readonly freshUntil: number }> {
  /** In the order in which they were set. */
  readonly #values = new Map<string, Value>();
  readonly #maximum: number;

  /** @param maximum how many are kept; those that were set last. */
  constructor(maximum: number) {
    this.#maximum = maximum;
  }

  get(key: string, now: number): Value | undefined {
    const value = this.#values.get(key);
    return value !== undefined && now < value.freshUntil ? value : undefined;
  }

  set(key: string, value: Value): void {
    this.#values.delete(key);
    this.#values.set(key, value);
    if (this.#values.size > this.#maximum) this.#values.delete(this.#values.keys().next().value as string);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  /** Lets go of what is no longer fresh, and of its key. */
  sweep(now: number): void {
    for (const [key, { freshUntil }] of this.#values) if (now >= freshUntil) this.#values.delete(key);
  }
}
