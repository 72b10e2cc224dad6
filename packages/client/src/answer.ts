import { type ApiError, apiError, type ServiceErrorCode } from './error.ts';
import { errorStatuses } from './generated/contract.ts';
import { retryAfterOf } from './retry-after.ts';

type JsonObject = Readonly<Record<string, unknown>>;

/** Parses without telling why it failed: a parser's message quotes the text, which may hold a key. */
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

/** Takes keys, and the secret of the request, out of a text that came from the other side. */
function withoutSecrets(text: string, secret: string | undefined): string {
  const withoutSecret = secret === undefined ? text : text.replaceAll(secret, '[secret]');
  return withoutSecret.replace(/ant-[0-9A-Za-z]{40}/g, '[key]');
}

function errorOf(response: Response, body: JsonObject | undefined, secret: string | undefined): ApiError {
  const { status, headers } = response;
  const code = headers.get('x-error-code');
  const { message, details } = body ?? {};
  const safe = (text: string) => withoutSecrets(text, secret);
  const requestId = headers.get('x-request-id');
  const about = {
    status,
    requestId: requestId === null ? undefined : safe(requestId),
    retryAfter: retryAfterOf(headers),
  };
  if (
    isServiceErrorCode(code) &&
    errorStatuses[code] === status &&
    typeof message === 'string' &&
    typeof details === 'string'
  ) {
    return apiError({ ...about, code, message: safe(message), details: safe(details) });
  }
  return apiError({
    ...about,
    code: 'unexpected_answer',
    message: 'The answer is not one of this API.',
    details: `It has status ${status}. A proxy may have answered, or a service that is newer than this client.`,
  });
}

/**
 * Reads the answer to its end.
 *
 * @param members what a good answer always has.
 * @param secret the token or key that was sent, for taking it out of what an error says.
 * @returns the body of a 200.
 * @throws {ApiError} for every other answer; what `fetch` throws, for one that breaks off.
 */
export async function readAnswer(
  response: Response,
  members: readonly string[],
  secret: string | undefined,
): Promise<JsonObject> {
  const body = jsonObjectOf(await response.text());
  if (response.status === 200 && body !== undefined && members.every((member) => Object.hasOwn(body, member))) {
    return body;
  }
  throw errorOf(response, body, secret);
}
