/**
 * Waits for work of something that may never answer, and no longer than so many milliseconds. The work goes on after that: what
 * it still brings is dropped, and a late failure is nobody's.
 *
 * @param late makes the error for work that took too long
 */
export async function within<T>(milliseconds: number, work: Promise<T>, late: () => Error): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(late()), milliseconds);
  try {
    return await Promise.race([work, promise]);
  } finally {
    clearTimeout(timer);
  }
}
