import type { FoundKey } from '@andamio/keys/model';
import type { Owner } from '@andamio/keys/owner';
import type {
  BearerOperation,
  BearerReadOperation,
  KeyOperation,
  Operation,
  PublicBodyOperation,
  PublicOperation,
  ResponseBodyOf,
  ResponseHeadersOf,
} from '@andamio/schema/operations';
import type * as z from 'zod';
import type { Exchange } from '../exchange.ts';
import type { RequestCount } from '../limits/limit.ts';
import { memoizeWeak } from '../memoize-weak.ts';
import { pathOf } from '../request/target.ts';
import type { Answer, JsonParts, RawHeaders } from '../response/answer.ts';

/**
 * A row of the operation table: an operation of the schema, and the function that handles its
 * requests. The operation determines which steps a request goes through (see `pipeline.ts`), so a
 * handler receives only validated values.
 */
export type Row = PublicRow | PublicBodyRow | ReadRow | BodyRow | KeyRow;

/** The row of an operation that takes no credentials. */
export interface PublicRow extends PublicOperation {
  handle(exchange: Exchange): Promise<Answer>;
}

/** The row of an operation that takes a body and no credentials. */
export interface PublicBodyRow extends PublicBodyOperation {
  /** @param count counts the request against further limits of the operation. */
  handle(body: object, exchange: Exchange, count: RequestCount): Promise<unknown>;
}

/** The row of an operation that takes a token and no body. A request body is ignored. */
export interface ReadRow extends BearerReadOperation {
  handle(owner: Owner, query: object): Promise<unknown>;
}

/** The row of an operation that takes a token and a body. */
export interface BodyRow extends BearerOperation {
  handle(
    owner: Owner,
    body: object,
    idempotencyKey: string | undefined,
    exchange: Exchange,
  ): Promise<unknown>;
}

/**
 * The row of an operation that takes an API key. The response body and the headers that the
 * operation adds depend only on the key.
 */
export interface KeyRow extends KeyOperation {
  handle(found: FoundKey): { readonly headers: RawHeaders; readonly body: string };
}

export function publicRow(operation: PublicOperation, handle: PublicRow['handle']): PublicRow {
  return { ...operation, handle };
}

/** The parsed query parameters of an operation, with defaults applied. */
type ParsedQueryOf<Op extends BearerReadOperation> = Op extends {
  readonly query: infer Query extends z.ZodObject;
}
  ? z.output<Query>
  : object;

export function publicBodyRow<Op extends PublicBodyOperation>(
  operation: Op,
  handle: (
    body: z.output<Op['body']['schema']>,
    exchange: Exchange,
    count: RequestCount,
  ) => Promise<ResponseBodyOf<Op>>,
): PublicBodyRow {
  return { ...operation, handle };
}

export function readRow<Op extends BearerReadOperation>(
  operation: Op,
  handle: (owner: Owner, query: ParsedQueryOf<Op>) => Promise<ResponseBodyOf<Op>>,
): ReadRow {
  return { ...operation, handle };
}

export function bodyRow<Op extends BearerOperation>(
  operation: Op,
  handle: (
    owner: Owner,
    body: z.output<Op['body']['schema']>,
    idempotencyKey: string | undefined,
    exchange: Exchange,
  ) => Promise<ResponseBodyOf<Op> | JsonParts>,
): BodyRow {
  return { ...operation, handle };
}

/** Creates a row whose response body and headers are cached for as long as the key is cached. */
export function keyRow<Op extends KeyOperation>(
  operation: Op,
  describe: (found: FoundKey) => {
    readonly headers: ResponseHeadersOf<Op>;
    readonly body: ResponseBodyOf<Op>;
  },
): KeyRow {
  const handle = memoizeWeak((found: FoundKey) => {
    const { headers, body } = describe(found);
    return { headers: Object.entries<string>(headers).flat(), body: JSON.stringify(body) };
  });
  return { ...operation, handle };
}

/** Returns the row of a request. Undefined if no row matches. */
export type FindRow = (request: Exchange['request']) => Row | undefined;

/**
 * Creates the function that finds the row of a request by method and path, without Express. The
 * function recognizes only paths that are spelled as in the table. Express's router handles other
 * spellings.
 *
 * An operation that takes an API key accepts any method, and any path below its own. The rest of
 * such a path is ignored, so it is not decoded: decoding could only fail.
 */
export function findRow(rows: readonly Row[]): FindRow {
  const byMethodAndPath = new Map<string, Row>();
  for (const row of rows) {
    byMethodAndPath.set(`${row.method.toUpperCase()} ${row.path}`, row);
    if (row.method === 'get') byMethodAndPath.set(`HEAD ${row.path}`, row);
  }
  const keyRows = rows
    .filter((row) => row.security === 'apiKey')
    .map((row) => ({ row, target: new RegExp(`^${row.path}(?:[/?]|$)`) }));

  return ({ method, url = '' }) => {
    const keyed = keyRows.find(({ target }) => target.test(url));
    if (keyed !== undefined) return keyed.row;
    return byMethodAndPath.get(`${method} ${pathOf(url)}`);
  };
}

/** Returns the methods of each path in the rows, for the `Allow` header. */
export function methodsByPath(rows: readonly Row[]): Map<string, Operation['method'][]> {
  const methods = new Map<string, Operation['method'][]>();
  for (const { path, method } of rows) methods.set(path, [...(methods.get(path) ?? []), method]);
  return methods;
}
