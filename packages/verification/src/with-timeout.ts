/**
 * Waits for work, at most for the given number of milliseconds. The work itself continues after
 * that; its late result or error is ignored.
 *
 * @param late creates the error for work that takes too long.
 */
export async function withTimeout<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
