import { tokenFor } from './tokens.ts';

export const requestPath = '/api/v1/apikey/request';
export const rotatePath = '/api/v1/apikey/rotate';
export const rollPath = '/api/v1/apikey/roll';
export const deletePath = '/api/v1/apikey/delete';
export const listPath = '/api/v1/apikey/list';
export const devicePath = '/api/v1/apikey/device';
export const approvePath = '/api/v1/apikey/device/approve';
export const deviceTokenPath = '/api/v1/apikey/device/token';
export const verifyPath = '/api/v1/apikey/verify';
export const userPath = '/api/v1/user/me';
export const usagePath = '/api/v1/user/usage';
export const dailyUsagePath = '/api/v1/user/usage/daily';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed response body. */
  readonly body: Record<string, unknown>;
}

export interface RequestOptions {
  readonly token?: string;
  readonly headers?: Record<string, string>;
  /** The request body to send instead of JSON. */
  readonly rawBody?: string | Uint8Array<ArrayBuffer>;
}

async function ask(
  url: string,
  init: RequestInit,
  { token, headers }: RequestOptions,
): Promise<Answer> {
  const authorization = `Bearer ${token ?? tokenFor('user')}`;
  const response = await fetch(url, {
    ...init,
    headers: { authorization, ...init.headers, ...headers },
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}

/** Posts a JSON body to a URL of the service. */
export function post(url: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: options.rawBody ?? JSON.stringify(body),
  };
  return ask(url, init, options);
}

/** Requests a key from the service at `url`. */
export const requestKey = (url: string, body: unknown, options?: RequestOptions) =>
  post(`${url}${requestPath}`, body, options);

/** Rotates (extends) a key. */
export const rotateKey = (url: string, body: unknown, options?: RequestOptions) =>
  post(`${url}${rotatePath}`, body, options);

/** Rolls a key, which replaces its secret. */
export const rollKey = (url: string, body: unknown, options?: RequestOptions) =>
  post(`${url}${rollPath}`, body, options);

/** Starts a device login. */
export const startDeviceLogin = (
  url: string,
  body: unknown = { api_key_name: 'laptop' },
  options?: RequestOptions,
) => post(`${url}${devicePath}`, body, options);

/** Looks up a device login, or approves or denies it. */
export const approveDevice = (url: string, body: unknown, options?: RequestOptions) =>
  post(`${url}${approvePath}`, body, options);

/** Gets the key of a device login. */
export const redeemDevice = (url: string, deviceCode: unknown) =>
  post(`${url}${deviceTokenPath}`, { device_code: deviceCode });

export const deleteKey = (url: string, body: unknown, options?: RequestOptions) =>
  post(`${url}${deletePath}`, body, options);

/**
 * Lists a page of the user's keys.
 *
 * @param query the query string without `?`
 */
export const listKeys = (url: string, query = '', options: RequestOptions = {}) =>
  ask(`${url}${listPath}${query && `?${query}`}`, {}, options);

/** Gets the user and their keys. */
export const getUser = (url: string, options: RequestOptions = {}) =>
  ask(`${url}${userPath}`, {}, options);

/** Gets the user's usage and quotas. */
export const getUsage = (url: string, options: RequestOptions = {}) =>
  ask(`${url}${usagePath}`, {}, options);

/** Gets the daily usage of the user's keys. */
export const getDailyUsage = (url: string, body: unknown, options?: RequestOptions) =>
  post(`${url}${dailyUsagePath}`, body, options);

export async function verifyKey(
  url: string,
  key?: string,
  init: RequestInit & { path?: string } = {},
): Promise<Answer> {
  const { path = verifyPath, headers, ...more } = init;
  const response = await fetch(`${url}${path}`, {
    ...more,
    headers: { ...(key !== undefined && { 'x-api-key': key }), ...headers },
  });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: text === '' ? {} : JSON.parse(text),
  };
}

/**
 * Returns the body of a response whose status must be 200. With another status, such as 429 for
 * requests in rapid succession, the fields that a test reads would be undefined.
 *
 * @throws if the status is not 200, with the details of the response.
 */
export function successfulBody({ status, body }: Answer): Record<string, unknown> {
  if (status === 200) return body;
  throw new Error(`The service responded with ${status} ${body['error']}: ${body['details']}`);
}

/**
 * Requests a key for a user.
 *
 * @returns the key
 */
export async function newKey(
  url: string,
  sub: string,
  claims: Record<string, unknown> = {},
  name = 'MyFirstKey',
) {
  const answer = await requestKey(url, { api_key_name: name }, { token: tokenFor(sub, claims) });
  return successfulBody(answer)['api_key'] as string;
}
