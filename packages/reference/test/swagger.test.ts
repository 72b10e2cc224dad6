import SwaggerParser from '@apidevtools/swagger-parser';
import type { OpenAPIV2 } from 'openapi-types';
import { describe, expect, test } from 'vitest';
import {
  document,
  documentedOperations,
  parametersOf,
  requestBodyOf,
  responsesOf,
} from '../src/document.ts';
import { swaggerDocument, swaggerSchema } from '../src/swagger.ts';

const swagger = swaggerDocument();
const { basePath = '' } = swagger;

/** The Swagger document with each reference replaced by its target. */
const resolved = (await SwaggerParser.dereference(
  structuredClone(swagger),
)) as unknown as OpenAPIV2.Document;

describe('the Swagger 2.0 document', () => {
  test('the Swagger 2.0 document is valid', async () => {
    await SwaggerParser.validate(structuredClone(swagger));
  });

  test('contains the same operations as the OpenAPI document', () => {
    const operations = Object.entries(resolved.paths).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${basePath}${path}`),
    );
    expect(operations).toEqual(
      documentedOperations().map(({ method, path }) => `${method} ${path}`),
    );
  });

  test.each(documentedOperations().map((one) => [one.operation.operationId, one] as const))(
    '%s has the same parameters, fields, statuses and headers in Swagger 2.0',
    (_id, documented) => {
      const { method, path, operation } = documented;
      const item = resolved.paths[path.slice(basePath.length)] as unknown as Record<
        string,
        OpenAPIV2.OperationObject
      >;
      const converted = item[method.toLowerCase()] as OpenAPIV2.OperationObject;
      expect(converted).toMatchObject({
        operationId: operation.operationId,
        summary: operation.summary,
        description: operation.description,
        security: operation.security,
      });
      const parameters = (converted.parameters ?? []) as OpenAPIV2.Parameter[];
      const places = parameters.map(({ name, in: place }) =>
        place === 'body' ? place : `${place} ${name}`,
      );
      const body = requestBodyOf(documented);
      expect(places).toEqual([
        ...parametersOf(documented).map(({ name, in: place }) => `${place} ${name}`),
        ...(body ? ['body'] : []),
      ]);
      if (body) {
        const schema = parameters.at(-1)?.schema as OpenAPIV2.SchemaObject;
        expect(Object.keys(schema.properties ?? {})).toEqual(body.fields.map(({ name }) => name));
        expect(schema.required ?? []).toEqual(
          body.fields.filter(({ isRequired }) => isRequired).map(({ name }) => name),
        );
        expect(schema.example).toEqual(body.example);
      }
      const responses = converted.responses as Record<string, OpenAPIV2.ResponseObject>;
      expect(
        Object.entries(responses).map(([status, { description, schema, headers, examples }]) => ({
          status,
          description,
          fields: Object.keys((schema as OpenAPIV2.SchemaObject)?.properties ?? {}),
          headers: Object.keys(headers ?? {}),
          example: examples?.['application/json'],
        })),
      ).toEqual(
        responsesOf(documented).map(({ status, description, fields, headers, example }) => ({
          status,
          description,
          fields: fields.map(({ name }) => name),
          headers: headers.map(({ name }) => name),
          example,
        })),
      );
    },
  );

  test('has both security schemes as published: headers Authorization and X-API-Key', () => {
    expect(swagger.securityDefinitions).toMatchObject({
      BearerAuth: { type: 'apiKey', in: 'header', name: 'Authorization' },
      ApiKeyAuth: { type: 'apiKey', in: 'header', name: 'X-API-Key' },
    });
    expect(swagger.securityDefinitions?.['BearerAuth']?.description).toContain('Type "Bearer"');
    expect(`${swagger.schemes}://${swagger.host}`).toBe(document.servers?.[0]?.url);
  });

  test.each([
    ['a nullable type', { type: ['string', 'null'] }, { type: 'string', 'x-nullable': true }],
    [
      'a nullable reference',
      { anyOf: [{ $ref: '#/components/schemas/User' }, { type: 'null' }], description: 'x' },
      { allOf: [{ $ref: '#/definitions/User' }], description: 'x', 'x-nullable': true },
    ],
    ['a constant', { type: 'integer', const: 400 }, { type: 'integer', enum: [400] }],
    ['examples', { type: 'string', examples: ['a', 'b'] }, { type: 'string', example: 'a' }],
    ['an open object', { additionalProperties: {} }, { additionalProperties: true }],
  ])('converts %s', (_what, schema, converted) => {
    expect(swaggerSchema(schema as never)).toEqual(converted);
  });

  test.each([
    ['several types', { type: ['string', 'integer'] }],
    ['alternatives', { anyOf: [{ type: 'string' }, { type: 'integer' }] }],
    ['an unknown keyword', { type: 'string', contentEncoding: 'base64' }],
  ])('the conversion to Swagger 2.0 rejects %s instead of losing it', (_what, schema) => {
    expect(() => swaggerSchema(schema as never)).toThrow('Swagger 2.0');
  });
});
