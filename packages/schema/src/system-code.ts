/**
 * Returns the system error code, such as ECONNREFUSED, of an error or of one of its causes. The
 * error's message is not used because it may quote received data.
 */
export function systemCodeOf(error: unknown, depth = 5): string | undefined {
  if (typeof error !== 'object' || error === null || depth === 0) return undefined;
  const { code, cause } = error as { code?: unknown; cause?: unknown };
  return typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)
    ? code
    : systemCodeOf(cause, depth - 1);
}
