import {
  connect,
  createServer,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2';
import { onTestFinished } from 'vitest';
import { listenOnLoopback } from './listen-on-loopback.ts';

/**
 * The cost of Firestore operations: the number of calls, and of documents read and written. Google
 * bills the documents.
 */
export interface FirestoreCost {
  readonly calls: number;
  /** Number of documents read. Google bills at least one read for a query. */
  readonly reads: number;
  /** Number of attempted writes and deletions of documents, including those that failed. */
  readonly writes: number;
}

/**
 * A proxy between a store and an emulator. It counts calls, and the documents that the calls read
 * and write.
 */
export interface FirestoreCounter {
  readonly host: string;
  /** Runs a task and returns its cost. */
  costOf(task: () => Promise<unknown>): Promise<FirestoreCost>;
  /**
   * Runs a task and returns the total size, in bytes, of the emulator's responses during the task.
   */
  bytesOf(task: () => Promise<unknown>): Promise<number>;
  /** Delays the next write until a task is completed. Later writes are not delayed. */
  beforeNextWrite(task: () => Promise<unknown>): void;
  /** Delays the nth of the following calls until a task is completed. */
  beforeCall(nth: number, task: () => Promise<unknown>): void;
}

/**
 * Splits a body into its gRPC messages. Each message is preceded by a flag of one byte and by its
 * length in four bytes.
 */
function messagesIn(body: Buffer): Buffer[] {
  const messages: Buffer[] = [];
  for (let at = 0; at + 5 <= body.length; ) {
    const end = at + 5 + body.readUInt32BE(at + 1);
    messages.push(body.subarray(at + 5, end));
    at = end;
  }
  return messages;
}

/**
 * Counts the occurrences of a field in a Protocol Buffers message. Supports the wire types that
 * Firestore's requests use: varint, and values with a length.
 */
function countField(message: Buffer, field: number): number {
  let at = 0;
  const varint = () => {
    let value = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = message[at++] as number;
      value += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) return value;
    }
  };
  let found = 0;
  while (at < message.length) {
    const tag = varint();
    if (tag >>> 3 === field) found++;
    const [wireType, value] = [tag & 7, varint()];
    if (wireType === 2) at += value;
    else if (wireType !== 0) throw new Error(`A field has the wire type ${wireType}.`);
  }
  return found;
}

/**
 * Field number of `documents` in BatchGetDocumentsRequest, and of `writes` in CommitRequest and
 * BatchWriteRequest.
 */
const requestItems = 2;
/** Field number of `document` in RunQueryResponse. */
const queryDocument = 1;

/** Returns the numbers of read and of written documents that Google bills for a call. */
function billed(method: string, request: Buffer, response: Buffer) {
  const inRequest = () =>
    messagesIn(request).reduce((sum, message) => sum + countField(message, requestItems), 0);
  const inResponse = () =>
    messagesIn(response).reduce((sum, message) => sum + countField(message, queryDocument), 0);
  if (method === 'BatchGetDocuments') return { reads: inRequest(), writes: 0 };
  if (method === 'Commit' || method === 'BatchWrite') return { reads: 0, writes: inRequest() };
  if (method === 'RunQuery') return { reads: Math.max(1, inResponse()), writes: 0 };
  throw new Error(`It is not known what ${method} costs.`);
}

async function bodyOf(stream: AsyncIterable<Buffer>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Starts a proxy to an emulator. The proxy is closed after the test. */
export async function startFirestoreCounter(emulatorHost: string): Promise<FirestoreCounter> {
  const emulator = connect(`http://${emulatorHost}`);
  const sessions = new Set<ServerHttp2Session>();
  const total = { calls: 0, reads: 0, writes: 0 };
  let bytes = 0;
  let beforeWrite: (() => Promise<unknown>) | undefined;
  /** Number of calls that have arrived. `total` counts a call once it is answered. */
  let arrived = 0;
  const beforeCalls = new Map<number, () => Promise<unknown>>();

  async function pass(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): Promise<void> {
    const method = (headers[':path'] ?? '').split('/').at(-1) ?? '';
    const request = await bodyOf(stream);
    await beforeCalls.get(++arrived)?.();
    if (method === 'Commit' || method === 'BatchWrite') {
      const task = beforeWrite;
      beforeWrite = undefined;
      await task?.();
    }
    const call = emulator.request({ ...headers, ':authority': emulatorHost });
    call.end(request);
    let trailers: IncomingHttpHeaders = {};
    call.on('trailers', (received) => {
      trailers = received;
    });
    const answered = new Promise<IncomingHttpHeaders>((resolve) => call.once('response', resolve));
    const response = await bodyOf(call);
    const cost = billed(method, request, response);
    bytes += response.length;
    total.calls++;
    total.reads += cost.reads;
    total.writes += cost.writes;
    const head = await answered;
    // The response to a call that fails immediately has the status in its headers, and neither a
    // body nor trailers.
    if ('grpc-status' in head) return stream.respond(head, { endStream: true });
    stream.respond(head, { waitForTrailers: true });
    stream.on('wantTrailers', () => stream.sendTrailers(trailers));
    stream.end(response);
  }

  const server = createServer();
  server.on('session', (session) => sessions.add(session));
  server.on('stream', (stream, headers) => {
    stream.on('error', () => {}); // The client has ended the call.
    void pass(stream, headers).catch((error: Error) => stream.destroy(error));
  });
  const port = await listenOnLoopback(server);
  onTestFinished(() => {
    for (const session of sessions) session.destroy();
    emulator.destroy();
    server.close();
  });
  return {
    host: `127.0.0.1:${port}`,
    async costOf(task) {
      const before = { ...total };
      await task();
      return {
        calls: total.calls - before.calls,
        reads: total.reads - before.reads,
        writes: total.writes - before.writes,
      };
    },
    async bytesOf(task) {
      const before = bytes;
      await task();
      return bytes - before;
    },
    beforeNextWrite(task) {
      beforeWrite = task;
    },
    beforeCall(nth, task) {
      beforeCalls.set(arrived + nth, task);
    },
  };
}
