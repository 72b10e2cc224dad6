import { connect } from 'node:net';

export interface RawAnswer {
  /** All that came back, head and body. */
  readonly text: string;
  /** How long the connection lived, in milliseconds. */
  readonly lasted: number;
}

/** Sends bytes as they are and resolves with all that comes back, once the other side has closed the connection. */
export function talk(port: number, ...chunks: readonly (string | Uint8Array)[]): Promise<RawAnswer> {
  return new Promise((resolve) => {
    const begun = performance.now();
    let text = '';
    const socket = connect(port, '127.0.0.1', () => {
      for (const chunk of chunks) socket.write(chunk);
    });
    socket.setEncoding('latin1').on('data', (data) => {
      text += data;
    });
    socket.on('error', () => {}); // A reset is a close, too.
    socket.on('close', () => resolve({ text, lasted: performance.now() - begun }));
  });
}
