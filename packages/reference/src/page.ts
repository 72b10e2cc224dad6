import { marked } from 'marked';
import { document } from './document.ts';
import { nonceMark } from './nonce-mark.ts';

/** The files that the page loads. Paths are relative to the page. */
export interface PageFiles {
  readonly script: string;
  /** Files that the script imports statically. The page preloads them. */
  readonly imports: readonly string[];
  readonly style: string;
}

/** The page's icon as a data URL. It shows a key. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='none' stroke='%23555' stroke-width='2' d='M7 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0h8v3M12 8v2'/%3E%3C/svg%3E";

/**
 * Returns the page with the static reference. The script replaces the static reference with the
 * interactive one.
 */
export function page(markdown: string, { script, imports, style }: PageFiles): string {
  const preloads = imports
    .map((file) => `<link rel="modulepreload" href="${file}" nonce="${nonceMark}">`)
    .join('\n');
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
