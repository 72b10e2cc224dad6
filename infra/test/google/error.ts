/** An answer of Google's with a status that is not 200, in the words that the real provider wraps it with. */
export class GoogleError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(`googleapi: Error ${status}: ${message}`);
    this.name = 'GoogleError';
    this.status = status;
  }
}
