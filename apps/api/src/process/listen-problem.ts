/**
 * Explains why a server cannot listen, and what to do.
 *
 * @param error with a code of Node's: https://nodejs.org/api/errors.html#common-system-errors
 */
export function listenProblem(
  { code }: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use on ${host}: stop the program that uses it, or set PORT to another port.`;
    case 'EACCES':
      return `Port ${port} needs privileges that this process lacks: set PORT to a port from 1024 on.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return `HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0: ${host} is none. Some shells set HOST themselves.`;
    default:
      return `The service cannot listen on port ${port} of ${host}: ${code ?? 'unknown error'}.`;
  }
}
