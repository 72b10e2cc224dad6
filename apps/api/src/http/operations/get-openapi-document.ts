import document from '@andamio/schema/openapi.json' with { type: 'json' };

/** GET /api/v1/docs/doc.json: the document that `packages/schema` generates from the operations. */
export const getOpenApiDocumentHandler = async () => document;
