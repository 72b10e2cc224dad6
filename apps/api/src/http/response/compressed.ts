import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Request, Response } from 'express';

/** Answers a text that holds the host that answers it: a cache has to ask about it, and it is compressed for each answer. */
export async function sendCompressed(request: Request, response: Response, type: string, text: string): Promise<void> {
  response.setHeader('Cache-Control', 'no-cache');
  response.setHeader('Content-Type', type);
  response.vary('Accept-Encoding');
  const gzipped = request.acceptsEncodings('gzip') !== false;
  if (gzipped) response.setHeader('Content-Encoding', 'gzip');
  const body = gzipped ? await promisify(gzip)(text) : Buffer.from(text);
  // Also for HEAD, which sends nothing that Node could measure.
  response.setHeader('Content-Length', body.length);
  response.end(body);
}
