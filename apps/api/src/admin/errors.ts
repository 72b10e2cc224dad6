/**
 * Returns the message of an error, followed by the message of its cause. The text contains no
 * secret.
 */
export function reasonOf(error: unknown): string {
  const { message, cause } = error as Error;
  return cause instanceof Error ? `${message} ${cause.message}` : message;
}
