import { tokenFor } from './tokens.ts';

export const requestPath = '/api/v1/apikey/request';

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** The parsed body. */
  readonly body: Record<string, unknown>;
}

export interface RequestOptions {
  readonly token?: string;
  readonly headers?: Record<string, string>;
  /** Sent as it is in place of the body's JSON. */
  readonly rawBody?: string | Uint8Array<ArrayBuffer>;
}

/** Asks the service at `url` for a key over HTTP. */
export async function requestKey(url: string, body: unknown, options: RequestOptions = {}): Promise<Answer> {
  const response = await fetch(`${url}${requestPath}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${options.token ?? tokenFor('user')}`,
      'content-type': 'application/json',
      ...options.headers,
    },
    body: options.rawBody ?? JSON.stringify(body),
  });
  return {
    status: response.status,
    headers: response.headers,
    body: (await response.json()) as Record<string, unknown>,
  };
}
