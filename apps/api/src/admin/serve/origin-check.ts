import type { IncomingMessage } from 'node:http';

/**
 * Reports whether a browser sent a request from the operators' page itself, or because the operator
 * entered the page's address.
 *
 * Any website can send requests to a server on loopback. A website can even read the responses if
 * its own name resolves to 127.0.0.1 (DNS rebinding). The `Host` header then contains the website's
 * name. Another port of the same machine is another origin, but the same site, so `Sec-Fetch-Site`
 * must be `same-origin` (https://www.w3.org/TR/fetch-metadata/), or `none` for an entered address.
 *
 * The name localhost is refused, because it can also resolve to ::1. Another user of the machine
 * can listen on ::1 with the same port, and their page would share the origin `localhost:PORT`.
 *
 * @param port the port that the server listens on
 */
export function isFromPage({ headers, headersDistinct }: IncomingMessage, port: number): boolean {
  const { host = '', origin, 'sec-fetch-site': site } = headers;
  return (
    headersDistinct['host']?.length === 1 &&
    host === `127.0.0.1:${port}` &&
    (origin === undefined || origin === `http://${host}`) &&
    (site === undefined || site === 'same-origin' || site === 'none')
  );
}
