import { publicHosts, publicUrl } from '@andamio/schema/hosts';
import type { Request } from 'express';

/** The origin that the published documents name: Production. */
export const documentedOrigin = publicUrl(publicHosts.prod);

/** A name or address with a port: nothing that could mean something else where it is put into a document. */
const plainHost = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::[0-9]{1,5})?$/;

/** Where the client reached this service, such as `https://host`; where its Host header is odd, the documented place. */
export function originOf(request: Request): string {
  const host = request.headers.host ?? '';
  return plainHost.test(host) ? `${request.protocol}://${host}` : documentedOrigin;
}
