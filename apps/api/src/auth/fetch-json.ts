/** Milliseconds until the whole answer must have arrived. */
const timeout = 4_000;

/**
 * The largest answer in bytes, after decompression. The key sets of large issuers have a few KiB.
 */
const maximumBytes = 1024 * 1024;

/** Names where an answer redirects to, without what a query may hold. */
function redirectTarget(response: Response, url: string): string {
  const target = URL.parse(response.headers.get('location') ?? '', url);
  return target === null ? 'an unreadable address' : `${target.origin}${target.pathname}`;
}

/**
 * Reads a body, counting bytes as they arrive: a small compressed body can hold a very large one.
 */
async function readBody(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maximumBytes) throw new Error(`The answer is larger than ${maximumBytes / 1024} KiB.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Fetches JSON from a URL. One deadline covers the connection, the headers and the body.
 *
 * @throws if no whole JSON answer with a status of 2xx arrives within 4 s and 1 MiB. Redirects are
 *   not followed: they would move the trust in the URL to another address.
 */
export async function fetchJson(url: string, headers: Readonly<Record<string, string>> = {}): Promise<unknown> {
  const response = await fetch(url, { headers, redirect: 'manual', signal: AbortSignal.timeout(timeout) });
  if (!response.ok) {
    await response.body?.cancel();
    const isRedirect = response.status >= 300 && response.status < 400;
    throw new Error(
      isRedirect
        ? `The answer was a redirect (${response.status}) to ${redirectTarget(response, url)}; set the final address instead.`
        : `The answer had the status ${response.status}.`,
    );
  }
  const body = response.body === null ? Buffer.alloc(0) : await readBody(response.body);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Error('The answer is not JSON.'); // The parser's own message would quote it.
  }
}
