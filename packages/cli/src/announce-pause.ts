import type { Retry } from '@andamio/client';

/** The shortest pause that is announced, in milliseconds. */
const announcedMs = 1_000;

/** Says on standard error that the command waits before it repeats a request. */
export function announcePause({ error: { code }, pauseMs }: Retry): void {
  if (pauseMs < announcedMs) return;
  const reason =
    code === 'rate_limited' ? 'The rate limit is reached' : `The request failed (${code})`;
  process.stderr.write(`${reason}. Retrying in ${Math.ceil(pauseMs / 1000)} s.\n`);
}
