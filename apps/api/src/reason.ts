/**
 * Returns the message of an error, followed by those of its causes. A message that ends a sentence
 * is followed by a space, and any other by a colon.
 */
export function reasonOf(error: Error): string {
  let reason = '';
  const seen = new Set<unknown>();
  for (
    let cause: unknown = error;
    cause instanceof Error && !seen.has(cause);
    cause = cause.cause
  ) {
    seen.add(cause);
    const isSentence = /(^|[.!?])$/.test(reason);
    reason = [reason, cause.message].filter(Boolean).join(isSentence ? ' ' : ': ');
  }
  return reason;
}
