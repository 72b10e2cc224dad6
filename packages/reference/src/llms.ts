import { document, documentedOperations } from './document.ts';

/** Returns the index of the API for AI assistants, in the llms.txt format (https://llmstxt.org). */
export function llmsText(): string {
  const operations = documentedOperations().map(
    ({ method, path, operation }) => `- \`${method} ${path}\`: ${operation.summary}`,
  );
  return `# ${document.info.title}

> Issues API keys to the users of the platform and lets them list, extend, roll and delete their keys. Base URL: ${document.servers?.[0]?.url}/api/v1

## Operations

${operations.join('\n')}

## Reference

- [Reference in Markdown](/api/v1/docs/reference.md): fields, bounds, statuses and samples in six languages
- [OpenAPI 3.1 document](/api/v1/docs/doc.json): the machine-readable reference
- [Swagger 2.0 document](/api/v1/docs/swagger.json): the same, for tools that do not read OpenAPI 3.1
`;
}
