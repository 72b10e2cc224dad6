/**
 * A bounded map whose values expire.
 *
 * lru-cache, which the guard uses elsewhere, does not fit here. It reads its own clock in each
 * lookup, and at the exact moment when a value's `ttl` ends, it still returns the value. This map
 * compares the expiry with the arrival time of the request, and never returns a value for longer
 * than the service allowed.
 */
export class FreshMap<Value extends { readonly freshUntil: number }> {
  /** Values in insertion order. */
  readonly #values = new Map<string, Value>();
  readonly #maximum: number;

  /** @param maximum maximum number of values. When it is exceeded, the oldest value is removed. */
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
    if (this.#values.size > this.#maximum)
      this.#values.delete(this.#values.keys().next().value as string);
  }

  delete(key: string): void {
    this.#values.delete(key);
  }

  /** Removes expired values. */
  sweep(now: number): void {
    for (const [key, { freshUntil }] of this.#values)
      if (now >= freshUntil) this.#values.delete(key);
  }
}
