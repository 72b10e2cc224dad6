/**
 * Waits for work for at most the given number of milliseconds. Work that takes longer is not
 * canceled, and its result or error is ignored.
 *
 * @param late creates the error with which the returned promise rejects after the timeout.
 */
export async function withTimeout<T>(
  milliseconds: number,
  work: Promise<T>,
  late: () => Error,
): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
