import { type ApiError, apiError, type ServiceErrorCode } from './error.ts';
import { errorStatuses } from './generated/contract.ts';
import { retryAfterOf } from './retry-after.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * Parses a JSON object. Returns undefined for invalid text. The parser's error is not thrown
 * because it quotes the text, which may contain a key.
 */
function jsonObjectOf(text: string): JsonObject | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

function isServiceErrorCode(code: string | null): code is ServiceErrorCode {
  return code !== null && Object.hasOwn(errorStatuses, code);
}

/** Masks API keys, and the token or key of the request, in text received from the server. */
function redact(text: string, secret: string | undefined): string {
  const withoutSecret = secret === undefined ? text : text.replaceAll(secret, '[secret]');
  return withoutSecret.replace(/ant-[0-9A-Za-z]{40}/g, '[key]');
}

/** The errors with a status of 5xx that the service sends only if it has written nothing. */
const codesOfUnwritten: ReadonlySet<ServiceErrorCode> = new Set([
  'store_unavailable',
  'signing_keys_unavailable',
]);

function errorOf(
  response: Response,
  body: JsonObject | undefined,
  secret: string | undefined,
): ApiError {
  const { status, headers } = response;
  const code = headers.get('x-error-code');
  const { details } = body ?? {};
  const safe = (text: string) => redact(text, secret);
  const requestId = headers.get('x-request-id');
  const context = {
    status,
    requestId: requestId === null ? undefined : safe(requestId),
    retryAfter: retryAfterOf(headers),
  };
  if (isServiceErrorCode(code) && errorStatuses[code] === status && typeof details === 'string') {
    const mayHaveBeenProcessed = status >= 500 && !codesOfUnwritten.has(code);
    return apiError({ ...context, code, details: safe(details), mayHaveBeenProcessed });
  }
  return apiError({
    ...context,
    code: 'unexpected_answer',
    mayHaveBeenProcessed: response.ok || status >= 500,
    details: `The response with status ${status} is not one of this API. It may come from a proxy, or from a service newer than this client.`,
  });
}

/**
 * Reads a response.
 *
 * @param requiredFields fields that are present in every successful response.
 * @param secret the token or key of the request. It is masked in error texts.
 * @returns the body of a response with status 200 or 202.
 * @throws {ApiError} for any other response.
 * @throws the error of `fetch` if the connection breaks while the body is read.
 */
export async function readResponse(
  response: Response,
  requiredFields: readonly string[],
  secret: string | undefined,
): Promise<JsonObject> {
  const body = jsonObjectOf(await response.text());
  if (
    (response.status === 200 || response.status === 202) &&
    body !== undefined &&
    requiredFields.every((field) => Object.hasOwn(body, field))
  ) {
    return body;
  }
  throw errorOf(response, body, secret);
}
