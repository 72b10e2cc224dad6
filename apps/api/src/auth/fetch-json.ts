/** How long it may take until the answer is here to its end, in milliseconds. */
const timeout = 4_000;

/**
 * Asks a URL for JSON; it may not send elsewhere.
 *
 * @throws whatever keeps a good answer from coming in time.
 */
export async function fetchJson(url: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await fetch(url, { headers, redirect: 'error', signal: AbortSignal.timeout(timeout) });
  if (!response.ok) throw new Error(`The answer was ${response.status}.`);
  return response.json();
}
