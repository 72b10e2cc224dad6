/** An error response from Google, with the real provider's message around it. */
export class GoogleError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(`googleapi: Error ${status}: ${message}`);
    this.name = 'GoogleError';
    this.status = status;
  }
}
