/**
 * Returns a message that explains why a server cannot listen and how to fix it.
 *
 * @param error a system error of Node: https://nodejs.org/api/errors.html#common-system-errors
 */
export function listenProblem(
  { code }: NodeJS.ErrnoException,
  { host, port }: { readonly host: string; readonly port: number },
): string {
  switch (code) {
    case 'EADDRINUSE':
      return `Port ${port} is in use on ${host}. Stop the program that uses it, or set PORT to another port.`;
    case 'EACCES':
      return `Port ${port} requires privileges that this process lacks. Set PORT to 1024 or higher.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return `HOST must be an address of this machine, such as 127.0.0.1 or 0.0.0.0, not ${host}. Some shells set HOST themselves.`;
    default:
      return `The service cannot listen on ${host}, port ${port}: ${code ?? 'unknown error'}.`;
  }
}
