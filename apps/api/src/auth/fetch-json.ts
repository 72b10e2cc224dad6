/** Time limit, in milliseconds, for the whole response to arrive. */
const timeout = 4_000;

/**
 * Maximum size of a response in bytes, after decompression. The key sets of large issuers have a
 * few KiB.
 */
const maximumBytes = 1024 * 1024;

/** Returns a URL without its query, for logs and errors. The query may contain secrets. */
export function withoutQuery(url: string, base?: string): string {
  const parsed = URL.parse(url, base);
  return parsed === null ? 'an invalid address' : `${parsed.origin}${parsed.pathname}`;
}

/**
 * Reads a body. The bytes are counted as they arrive, because a small compressed body can expand to
 * a very large one.
 *
 * @throws if the body is larger than {@link maximumBytes}.
 */
async function readBody(body: ReadableStream<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  // Leaving the loop cancels the stream.
  for await (const chunk of body) {
    length += chunk.length;
    if (length > maximumBytes)
      throw new Error(`The response is larger than ${maximumBytes / 1024} KiB.`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/**
 * Fetches JSON from a URL. One deadline covers the connection, the headers and the body. Redirects
 * are not followed, because they would extend the trust in the configured URL to another address.
 *
 * @throws if no complete JSON response with a 2xx status and at most 1 MiB arrives within 4 s.
 */
export async function fetchJson(
  url: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<unknown> {
  const response = await fetch(url, {
    headers,
    redirect: 'manual',
    signal: AbortSignal.timeout(timeout),
  });
  if (!response.ok) {
    await response.body?.cancel();
    const isRedirect = response.status >= 300 && response.status < 400;
    throw new Error(
      isRedirect
        ? `The response is a redirect (${response.status}) to ${withoutQuery(response.headers.get('location') ?? '', url)}; set the final address instead.`
        : `The response has status ${response.status}.`,
    );
  }
  const body = response.body === null ? Buffer.alloc(0) : await readBody(response.body);
  try {
    return JSON.parse(body.toString('utf8'));
  } catch {
    throw new Error('The response is not JSON.'); // The parser's message would quote the body.
  }
}
