/**
 * Resolves when the work ends or the given number of milliseconds has passed, whichever is first.
 * The work is not canceled.
 */
export async function waitAtMost(milliseconds: number, work: Promise<void>): Promise<void> {
  const { promise: late, resolve } = Promise.withResolvers<void>();
  const timer = setTimeout(resolve, milliseconds);
  await Promise.race([work, late]);
  clearTimeout(timer);
}
