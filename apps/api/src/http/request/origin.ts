import { publicHosts, publicUrl } from '@andamio/schema/hosts';
import type { Request } from 'express';

/** The origin that the published documents name: Production. */
export const documentedOrigin = publicUrl(publicHosts.prod);

/** A name or address with a port: nothing that could mean something else where it is put into a document. */
const hostAndPort = /^(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::[0-9]{1,5})?$/;

/** Where the client reached this service, such as `https://host`; where `Host` is nothing that a text may repeat, the documented place. */
export function originOf({ secure, headers: { host } }: Request): string {
  return host !== undefined && hostAndPort.test(host) ? `${secure ? 'https' : 'http'}://${host}` : documentedOrigin;
}
