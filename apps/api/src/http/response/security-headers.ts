import { IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import helmet from 'helmet';
import type { RawHeaders } from './answer.ts';

/** Returns the headers that helmet sets, which are the same for every response. */
export function helmetHeaders(): RawHeaders {
  const headers: string[] = [];
  const response = new ServerResponse(new IncomingMessage(new Socket()));
  response.setHeader = (name, value) => {
    headers.push(name, String(value));
    return response;
  };
  helmet()(response.req, response, () => {});
  return headers;
}

/**
 * The headers that OWASP's REST Security Cheat Sheet recommends for responses that browsers do not
 * display.
 */
export const programHeaders: RawHeaders = [
  'Content-Security-Policy',
  "default-src 'none'; frame-ancestors 'none'",
  'Strict-Transport-Security',
  'max-age=31536000; includeSubDomains',
  'X-Content-Type-Options',
  'nosniff',
  'X-Frame-Options',
  'DENY',
];
