import { readFileSync } from 'node:fs';
import { operations as published } from '@andamio/schema/operations';
import { describe, expect, test } from 'vitest';
import { readContract } from '../scripts/contract.ts';
import { contractModule, describeOperation } from '../scripts/contract-module.ts';
import { withMethodsTable } from '../scripts/methods-table.ts';
import type { OpenApiDocument } from '../scripts/openapi.ts';
import { typesModule } from '../scripts/types-module.ts';
import { operations } from '../src/generated/contract.ts';
import { createClient } from '../src/index.ts';

const contract = readContract();

describe('generated methods', () => {
  test.each([
    ['contract.ts', contractModule],
    ['types.ts', typesModule],
  ])('src/generated/%s is up to date (if not: npx -y pnpm@12 generate)', (file, content) => {
    const committed = readFileSync(new URL(`../src/generated/${file}`, import.meta.url), 'utf8');
    expect(committed).toBe(content(contract));
  });

  test('the README lists the methods (if not: npx -y pnpm@12 generate)', () => {
    const committed = readFileSync(new URL('../README.md', import.meta.url), 'utf8');
    expect(withMethodsTable(committed, contract)).toBe(committed);
  });

  test.each(published)('$id is a method of the client', ({ path, method }) => {
    const client = createClient({ baseUrl: 'http://localhost', token: 'none' });
    const rows = Object.entries(operations).filter(
      ([, row]) => row.path === path && row.method.toLowerCase() === method,
    );
    expect(rows).toHaveLength(1);
    expect(client).toHaveProperty(rows[0]?.[0] as string, expect.any(Function));
  });
});

describe('retry policy', () => {
  const id = 'rotate-api-key';
  const header = { in: 'header', name: 'Idempotency-Key' };

  /** Returns the retry policy of an operation with the given parameters. */
  function retryPolicy(parameters: object[], permission = 'apikey:write', method = 'post') {
    const operation = {
      operationId: id,
      summary: 'Rotate',
      security: [{ BearerAuth: [] }],
      parameters,
      responses: { '200': { content: { 'application/json': { schema: {} } } } },
    };
    const components = { parameters: { Key: header } };
    const document = {
      paths: { '/rotate': { [method]: operation } },
      components,
    } as unknown as OpenApiDocument;
    return describeOperation(document, { name: 'rotateApiKey', id, permission }).facts.retryPolicy;
  }

  test('a write with Idempotency-Key, inline or by reference, is retried with its key', () => {
    expect(retryPolicy([header])).toBe('with-key');
    expect(retryPolicy([{ $ref: '#/components/parameters/Key' }])).toBe('with-key');
    expect(retryPolicy([{ in: 'header', name: 'idempotency-key' }])).toBe('with-key');
  });

  test('a write without Idempotency-Key is never retried', () => {
    expect(retryPolicy([])).toBe('never');
    expect(retryPolicy([{ in: 'query', name: 'Idempotency-Key' }])).toBe('never');
  });

  test('an operation with method GET or a read permission is always retried', () => {
    expect(retryPolicy([], 'apikey:read')).toBe('always');
    expect(retryPolicy([], undefined, 'get')).toBe('always');
  });
});

test('an operation with an unknown security scheme is not generated', () => {
  const operation = {
    operationId: 'x',
    summary: 'X',
    security: [{ OAuth: [] }],
    responses: { '200': { content: { 'application/json': { schema: {} } } } },
  };
  const document: OpenApiDocument = { paths: { '/x': { get: operation } } };
  expect(() => describeOperation(document, { name: 'x', id: 'x' })).toThrow(
    'the client supports only',
  );
});
