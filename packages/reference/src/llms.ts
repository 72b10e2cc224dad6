import { document, documentedOperations } from './document.ts';

/** The short index that assistants look for. https://llmstxt.org */
export function llmsText(): string {
  const calls = documentedOperations().map(
    ({ method, path, operation }) => `- \`${method} ${path}\`: ${operation.summary}`,
  );
  return `# ${document.info.title}

> Issues API keys to the users of the platform, and lets them list, extend and delete their own. Every call is below ${document.servers?.[0]?.url}/api/v1.

## Calls

${calls.join('\n')}

## Reference

- [Reference in Markdown](/api/v1/docs/reference.md): fields, bounds, statuses, samples in six languages
- [OpenAPI 3.1 document](/api/v1/docs/doc.json): the same for programs
`;
}
