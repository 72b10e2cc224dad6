import { marked } from 'marked';
import { document } from './document.ts';
import { nonceMark } from './nonce-mark.ts';

/** The files that the page loads, as paths relative to it. */
export interface PageFiles {
  readonly script: string;
  /** Static imports of the script, which are preloaded. */
  readonly imports: readonly string[];
  readonly style: string;
}

/** An icon with a key, as a data URL. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='none' stroke='%23555' stroke-width='2' d='M7 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0h8v3M12 8v2'/%3E%3C/svg%3E";

/** Returns the page with the static reference, which the script replaces by the interactive one. */
export function page(markdown: string, { script, imports, style }: PageFiles): string {
  const preloads = imports.map((file) => `<link rel="modulepreload" href="${file}" nonce="${nonceMark}">`).join('\n');
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${document.info.title}: reference</title>
<meta name="description" content="How to get and use API keys: every operation with its fields, statuses and samples.">
<meta property="csp-nonce" nonce="${nonceMark}">
<link rel="icon" href="${icon}">
<link rel="alternate" type="text/markdown" href="reference.md">
<link rel="service-desc" type="application/json" href="doc.json">
<link rel="stylesheet" href="${style}">
${preloads}
<script type="module" src="${script}" nonce="${nonceMark}"></script>
</head>
<body>
<div id="reference"><main class="plain">
${marked.parse(markdown, { async: false })}</main></div>
</body>
</html>
`;
}
