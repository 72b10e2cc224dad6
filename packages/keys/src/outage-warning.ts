/** Reports the first error of each outage. */
export class OutageWarning {
  readonly #warn: (error: unknown) => void;
  #warned = false;

  constructor(warn: (error: unknown) => void) {
    this.#warn = warn;
  }

  /** Reports an error, unless another was reported since the last success. */
  failed(error: unknown): void {
    if (!this.#warned) this.#warn(error);
    this.#warned = true;
  }

  /** Ends the outage, so that the next error is reported. */
  succeeded(): void {
    this.#warned = false;
  }
}
