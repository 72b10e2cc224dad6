import { systemCodeOf } from '@andamio/schema/system-code';

const descriptions: Readonly<Record<string, string>> = {
  EAI_AGAIN: 'the name server did not respond',
  ECONNREFUSED: 'the connection was refused',
  ECONNRESET: 'the connection broke',
  EHOSTUNREACH: 'the host cannot be reached',
  ENETUNREACH: 'the network cannot be reached',
  ENOTFOUND: 'the host name is unknown',
  EPIPE: 'the connection broke',
  ETIMEDOUT: 'the connection timed out',
  UND_ERR_CONNECT_TIMEOUT: 'the connection timed out',
  UND_ERR_SOCKET: 'the connection broke',
};

function descriptionOf(code: string): string {
  if (/CERT|SIGNATURE|ISSUER/.test(code)) return 'the certificate is not accepted';
  if (/SSL|EPROTO/.test(code)) return 'no TLS connection could be established';
  return descriptions[code] ?? 'the connection failed';
}

/**
 * Returns why a request got no response, with the system error code. The error's message is not
 * used: that of `fetch` does not name the cause, and others may quote sent or received data.
 *
 * @param error the error of `fetch`
 */
export function transportFailureOf(error: unknown): string {
  if ((error as Error).name === 'TimeoutError') return 'no response arrived in time';
  const code = systemCodeOf(error);
  return code === undefined ? 'the connection failed' : `${descriptionOf(code)} (${code})`;
}
