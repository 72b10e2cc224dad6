/** An error response from Google. The message has the real provider's format. */
export class GoogleError extends Error {
  readonly status: number;

  constructor(status: number, message: string) {
    super(`googleapi: Error ${status}: ${message}`);
    this.name = 'GoogleError';
    this.status = status;
  }
}
