import { readFileSync } from 'node:fs';
import { operations as published } from '@andamio/schema/operations';
import { describe, expect, test } from 'vitest';
import { readContract } from '../scripts/contract.ts';
import { contractModule, type OpenApiDocument, operationFacts } from '../scripts/contract-module.ts';
import { operations } from '../src/generated/contract.ts';
import { createClient } from '../src/index.ts';

const contract = readContract();

describe('the client and the contract', () => {
  test('src/generated/contract.ts is what the contract says (if not: npx pnpm@12 generate)', () => {
    const committed = readFileSync(new URL('../src/generated/contract.ts', import.meta.url), 'utf8');
    expect(committed).toBe(contractModule(contract));
  });

  test.each(published)('$id is a method', ({ path, method }) => {
    const client = createClient({ baseUrl: 'http://localhost', token: 'none' });
    const rows = Object.entries(operations).filter(
      ([, row]) => row.path === path && row.method.toLowerCase() === method,
    );
    expect(rows).toHaveLength(1);
    expect(client).toHaveProperty(rows[0]?.[0] as string, expect.any(Function));
  });
});

describe('when an operation may be sent again', () => {
  const id = 'rotate-api-key';
  const header = { in: 'header', name: 'Idempotency-Key' };

  /** A document with one writing operation that has these parameters. */
  function repeats(parameters: object[], permission = 'apikey:write', method = 'post') {
    const operation = {
      operationId: id,
      summary: 'Rotate',
      security: [{ BearerAuth: [] }],
      parameters,
      responses: { '200': { content: { 'application/json': { schema: {} } } } },
    };
    const components = { parameters: { Key: header } };
    const document = { paths: { '/rotate': { [method]: operation } }, components } as unknown as OpenApiDocument;
    return operationFacts(document, { name: 'rotateApiKey', id, permission }).facts.repeats;
  }

  test('is by its key once it declares Idempotency-Key, itself or by reference', () => {
    expect(repeats([header])).toBe('by-key');
    expect(repeats([{ $ref: '#/components/parameters/Key' }])).toBe('by-key');
    expect(repeats([{ in: 'header', name: 'idempotency-key' }])).toBe('by-key');
  });

  test('is never while it writes and declares nothing of the kind', () => {
    expect(repeats([])).toBe('never');
    expect(repeats([{ in: 'query', name: 'Idempotency-Key' }])).toBe('never');
  });

  test('is freely when it only reads, by its method or by what it needs the permission for', () => {
    expect(repeats([], 'apikey:read')).toBe('freely');
    expect(repeats([], undefined, 'get')).toBe('freely');
  });
});

test('an operation with a security scheme that the client does not know is not generated', () => {
  const operation = {
    operationId: 'x',
    summary: 'X',
    security: [{ OAuth: [] }],
    responses: { '200': { content: { 'application/json': { schema: {} } } } },
  };
  const document: OpenApiDocument = { paths: { '/x': { get: operation } } };
  expect(() => operationFacts(document, { name: 'x', id: 'x' })).toThrow('the client knows');
});
