import { describe, expect, test } from 'vitest';
import { openApiText } from '../scripts/openapi-document.ts';
import { committed, document, requestApiKey, resolved } from './document.ts';

describe('openapi.json', () => {
  test('openapi.json is up to date (if not: npx -y pnpm@12 generate)', () => {
    expect(committed).toBe(openApiText());
  });

  test.each([
    [400, ['invalid_body', 'body_too_large', 'missing_field', 'malformed_request']],
    [401, ['unauthenticated', 'invalid_signature', 'invalid_key']],
    [403, ['unknown_tier', 'insufficient_scope', 'suspended']],
    [
      422,
      [
        'invalid_field',
        'expiry_too_late',
        'name_taken',
        'idempotency_key_reused',
        'idempotency_key_outdated',
      ],
    ],
    [429, ['rate_limited', 'too_many_wrong_codes', 'quota_exceeded', 'key_limit_reached']],
    [500, ['internal', 'store_unavailable', 'outcome_unknown', 'signing_keys_unavailable']],
  ])('lists the error codes of status %i', (status, codes) => {
    const { headers } = resolved(requestApiKey.responses[status]) as never as {
      headers: Record<string, { schema: { enum?: string[] } }>;
    };
    expect(headers['X-Error-Code']?.schema.enum).toEqual(codes);
    expect('WWW-Authenticate' in headers).toBe(status === 401);
    expect('Retry-After' in headers).toBe(status === 429);
  });

  test('every reference has a target, and every operation a unique id', () => {
    const references = committed.match(/(?<="\$ref": ")[^"]+/g) ?? [];
    expect(references.length).toBeGreaterThan(0);
    for (const $ref of references) expect(resolved({ $ref }), $ref).toBeTypeOf('object');
    const ids = committed.match(/(?<="operationId": ")[^"]+/g) ?? [];
    expect(new Set(ids).size).toBe(ids.length);
  });

  /** Yields every object in the document, with its path. */
  function* nodes(
    value: unknown,
    path = '',
  ): Generator<{ path: string; node: Record<string, unknown> }> {
    if (typeof value !== 'object' || value === null) return;
    if (!Array.isArray(value)) yield { path, node: value as Record<string, unknown> };
    for (const [name, child] of Object.entries(value)) yield* nodes(child, `${path}/${name}`);
  }
  const all = [...nodes(document)];
  const schemas = all.filter(
    ({ node }) => typeof node['type'] === 'string' || Array.isArray(node['type']),
  );

  test('every property, parameter and header has a description', () => {
    const properties = all.flatMap(({ path, node }) =>
      Object.entries(
        typeof node['properties'] === 'object' && !path.endsWith('/example')
          ? (node['properties'] ?? {})
          : {},
      ).map(([name, property]) => ({
        path: `${path}/${name}`,
        description: (property as { description?: string }).description,
      })),
    );
    const others = all
      .filter(({ path, node }) => 'in' in node || /\/headers\/[^/]+$/.test(path))
      .map(({ path, node }) => ({ path, description: resolved(node)['description'] as unknown }));
    expect(properties.length).toBeGreaterThan(40);
    expect(others.length).toBeGreaterThan(5);
    expect([...properties, ...others].filter(({ description }) => !description)).toEqual([]);
  });

  test('every number is an integer, which generated clients need in order to compile', () => {
    expect(schemas.filter(({ node }) => node['type'] === 'integer').length).toBeGreaterThan(10);
    expect(schemas.filter(({ node }) => node['type'] === 'number').map(({ path }) => path)).toEqual(
      [],
    );
    const constants = all.filter(({ node }) => typeof node['const'] === 'number');
    expect(constants.map(({ node }) => node['type'])).toEqual(
      Array(constants.length).fill('integer'),
    );
  });

  test('no request header has an example, because tools send examples', () => {
    const headers = all.filter(({ node }) => node['in'] === 'header' && 'schema' in node);
    expect(headers.length).toBeGreaterThan(0);
    for (const { path, node } of headers) {
      expect(JSON.stringify(node), path).not.toMatch(/"examples?":|"default":/);
    }
  });

  test('every error has a realistic example', () => {
    interface Response {
      readonly headers: Record<string, unknown>;
      readonly content: {
        readonly 'application/json': { readonly example: Record<string, unknown> };
      };
    }
    const errors = Object.entries(document.components.responses) as [string, Response][];
    expect(errors.length).toBeGreaterThan(8);
    for (const [name, { headers, content }] of errors) {
      const { example } = content['application/json'];
      const more = name.startsWith('OAuth') && name !== 'OAuthError500' ? ['error'] : [];
      expect(Object.keys(example), name).toEqual(['details', 'message', 'statusCode', ...more]);
      expect(example['details'], name).not.toBe('string');
      expect(example['details'], name).toMatch(/[a-z]{3}/);
      expect(headers['X-Error-Code'], name).toBeDefined();
    }
  });

  test('every response body except the OpenAPI document forbids fields that it does not describe', () => {
    const withFields = all.filter(
      ({ path, node }) =>
        typeof node['properties'] === 'object' &&
        !/\/schemas\/(?!(?:OAuth)?Error)\w+Body$/.test(path),
    );
    expect(withFields.length).toBeGreaterThan(10);
    const open = withFields.filter(({ node }) => node['additionalProperties'] !== false);
    expect(open.map(({ path }) => path)).toEqual([
      expect.stringMatching(/^\/paths\/\/api\/v1\/docs\/doc\.json\//),
    ]);
  });

  test('every response describes the request id and the rate limit', () => {
    const responses = all.filter(({ path }) => /\/(?:responses\/[^/]+)$/.test(path));
    expect(responses.length).toBeGreaterThan(30);
    for (const { path, node } of responses) {
      const { headers } = resolved(node) as { headers?: object };
      expect(Object.keys(headers ?? {}), path).toEqual(
        expect.arrayContaining([
          'X-Request-Id',
          'X-RateLimit-Limit',
          'X-RateLimit-Remaining',
          'X-RateLimit-Reset',
        ]),
      );
    }
  });

  test('the document needs no credentials', () => {
    expect(document.paths['/api/v1/docs/doc.json'].get.security).toEqual([]);
  });

  describe.each([
    ['/api/v1/apikey/rotate', ['200', '400', '401', '403', '404', '409', '422', '429', '500']],
    ['/api/v1/apikey/delete', ['200', '400', '401', '403', '404', '422', '429', '500']],
  ])('%s', (path, statuses) => {
    const { post } = document.paths[path];

    test(`${path} takes a bearer token and a body with the name of the key`, () => {
      expect(post.security).toEqual([{ BearerAuth: [] }]);
      const { schema } = post.requestBody.content['application/json'];
      expect(resolved(schema)).toMatchObject({ required: ['api_key_name'] });
    });

    test(`${path} responds with a confirmation and exactly its published statuses`, () => {
      expect(Object.keys(post.responses)).toEqual(statuses);
      const { schema } = post.responses[200].content['application/json'];
      expect(resolved(schema)).toMatchObject({ required: ['confirmation'] });
      expect(Object.keys(resolved(schema)['properties'] ?? {})).toEqual(['confirmation']);
    });
  });

  test('rotate takes expires_in_days without a default', () => {
    const { schema } =
      document.paths['/api/v1/apikey/rotate'].post.requestBody.content['application/json'];
    const days = (resolved(schema)['properties'] as unknown as Record<string, object>)[
      'expires_in_days'
    ];
    expect(days).toMatchObject({ type: 'integer', minimum: 1 });
    expect(days).not.toHaveProperty('default');
  });

  test('user/usage takes a bearer token and returns the nine published fields', () => {
    const { get } = document.paths['/api/v1/user/usage'];
    expect(get.security).toEqual([{ BearerAuth: [] }]);
    expect(get).not.toHaveProperty('requestBody');
    expect(Object.keys(get.responses)).toEqual(['200', '401', '403', '429', '500']);
    expect(resolved(get.responses[200].content['application/json'].schema)).toMatchObject({
      required: [
        'daily_quota_consumed',
        'daily_quota_limit',
        'monthly_quota_consumed',
        'monthly_quota_limit',
        'remaining_daily',
        'remaining_monthly',
        'rate_limit_windows',
        'subscription_tier',
        'expiration',
      ],
    });
  });

  test('user/usage/daily takes a bearer token, two dates and optional names, and returns rows', () => {
    const { post } = document.paths['/api/v1/user/usage/daily'];
    expect(post.security).toEqual([{ BearerAuth: [] }]);
    expect(Object.keys(post.responses)).toEqual(['200', '400', '401', '403', '422', '429', '500']);
    const body = resolved(post.requestBody.content['application/json'].schema) as Record<
      string,
      unknown
    >;
    expect(body['required']).toEqual(['start_date', 'end_date']);
    expect(body['properties']).toMatchObject({
      start_date: { type: 'string', format: 'date' },
      end_date: { type: 'string', format: 'date' },
      api_key_names: { type: 'array', items: { type: 'string', minLength: 3, maxLength: 100 } },
    });
    const answer = resolved(post.responses[200].content['application/json'].schema) as Record<
      string,
      unknown
    >;
    const { usage } = answer['properties'] as { usage: { items: object } };
    expect(resolved(usage.items)).toMatchObject({ required: ['date', 'api_key_name', 'requests'] });
  });

  test('user/me takes a bearer token and lists masked keys with the fields of a new key', () => {
    const { get } = document.paths['/api/v1/user/me'];
    expect(get.security).toEqual([{ BearerAuth: [] }]);
    expect(get).not.toHaveProperty('requestBody');
    expect(Object.keys(get.responses)).toEqual(['200', '401', '403', '429', '500']);
    const user = resolved(get.responses[200].content['application/json'].schema) as Record<
      string,
      unknown
    >;
    expect(user['required']).toEqual([
      'user_id',
      'alias',
      'tier',
      'created_at',
      'active_keys',
      'expired_keys',
    ]);
    const listed = resolved(
      (user['properties'] as { active_keys: { items: object } }).active_keys.items,
    );
    expect(listed).toMatchObject({
      required: ['api_key', 'created_at', 'expires_at', 'expires_in_days', 'is_active', 'name'],
      properties: { api_key: { pattern: '^ant-[0-9A-Za-z]{4}x{36}$' } },
    });
  });

  test('apikey/list takes a bearer token and two query parameters, and returns a page', () => {
    const { get } = document.paths['/api/v1/apikey/list'];
    expect(get.security).toEqual([{ BearerAuth: [] }]);
    expect(Object.keys(get.responses)).toEqual(['200', '401', '403', '422', '429', '500']);
    expect(get).toMatchObject({
      parameters: [
        {
          in: 'query',
          name: 'page_size',
          schema: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
        },
        { in: 'query', name: 'page_token', schema: { type: 'string' } },
      ],
    });
    const page = resolved(get.responses[200].content['application/json'].schema);
    expect(page).toMatchObject({ required: ['keys', 'next_page_token'] });
    const { keys } = page['properties'] as unknown as { keys: { items: object } };
    expect(resolved(keys.items)).toMatchObject({
      required: [
        'id',
        'name',
        'start',
        'state',
        'created_at',
        'expires_at',
        'previous_expires_at',
        'last_used_at',
        'requests_30d',
      ],
    });
  });

  test('apikey/verify takes a key in its header, and neither a token nor a body', () => {
    const { get } = document.paths['/api/v1/apikey/verify'];
    expect(get.security).toEqual([{ ApiKeyAuth: [] }]);
    expect(document.components.securitySchemes.ApiKeyAuth).toMatchObject({
      type: 'apiKey',
      in: 'header',
      name: 'X-API-Key',
    });
    expect(get).not.toHaveProperty('requestBody');
    expect(Object.keys(get.responses)).toEqual(['200', '401', '429', '500', '503']);
    const { schema } = get.responses[200].content['application/json'];
    expect(resolved(schema)).toMatchObject({
      required: ['user_id', 'name', 'tier', 'created_at', 'expires_at'],
    });
  });

  test('only the operation of the device login that knows OAuth lists the errors of OAuth', () => {
    const codesOf = (name: string) =>
      document.components.responses[name].headers['X-Error-Code'].schema.enum as string[];
    const own = ['authorization_pending', 'slow_down', 'expired_token', 'access_denied'];
    expect(codesOf('OAuthError400')).toEqual(expect.arrayContaining(own));
    for (const code of own) expect(codesOf('Error400')).not.toContain(code);
    const { responses } = document.paths['/api/v1/apikey/device/token'].post;
    expect(responses['400']).toEqual({ $ref: '#/components/responses/OAuthError400' });
    const { schema } = document.components.responses['OAuthError400'].content['application/json'];
    expect(resolved(schema)).toMatchObject({
      required: ['details', 'message', 'statusCode'],
      properties: { error: { enum: [...own, 'invalid_request'] } },
    });
  });

  test.each([
    [404, ['not_found', 'no_such_key', 'unknown_user_code']],
    [409, ['not_yet_rotatable', 'key_expired', 'device_login_redeemed']],
    [503, ['verification_unavailable', 'not_ready']],
  ])('lists the error codes of status %i', (status, codes) => {
    const response = document.components.responses[`Error${status}`];
    expect(response.headers['X-Error-Code'].schema.enum).toEqual(codes);
  });
});
