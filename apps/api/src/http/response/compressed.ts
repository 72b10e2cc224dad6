import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import accepts from 'accepts';
import type { Answer } from './answer.ts';

/**
 * Creates the answer for a text that contains the requested host. The text depends on the request,
 * so caches must revalidate the answer, and the text is compressed for each request.
 */
export async function compressedAnswer(
  request: IncomingMessage,
  type: string,
  text: string,
): Promise<Answer> {
  const isGzip = accepts(request).encodings('gzip') !== false;
  const headers = [
    'Cache-Control',
    'no-cache',
    'Content-Type',
    type,
    'Vary',
    'Origin, Accept-Encoding',
  ];
  if (!isGzip) return { status: 200, headers, body: text };
  return {
    status: 200,
    headers: [...headers, 'Content-Encoding', 'gzip'],
    body: await promisify(gzip)(text),
  };
}
