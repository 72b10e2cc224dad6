import { document, guide } from '../document.ts';
import { html } from '../html.ts';
import { getStartedSection } from './get-started.ts';
import { navigation, operationGroups } from './navigation.ts';
import { operationSection } from './operation.ts';
import { prose } from './prose.ts';
import { slug } from './slug.ts';

/** The files that the page loads. Paths are relative to the page. */
export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

/** The page's icon as a data URL. It shows a key. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='none' stroke='%23555' stroke-width='2' d='M7 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0h8v3M12 8v2'/%3E%3C/svg%3E";

/**
 * Returns the reference page. The page contains all text as HTML. The script adds search, the
 * choice of the language, and the forms.
 */
export function page({ script, style }: PageFiles): string {
  const { info, tags = [] } = document;
  const descriptions = new Map(tags.map(({ name, description }) => [name, description]));
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title}: reference</title>
<meta name="description" content="How to get and use API keys: every operation with its fields, statuses and samples.">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon}">
<link rel="alternate" type="text/markdown" href="reference.md">
<link rel="service-desc" type="application/json" href="doc.json">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<p class="title"><a href="#get-started">${info.title}</a> <span class="version">${info.version}</span></p>
<button type="button" class="menu" popovertarget="contents">Contents</button>
</header>
${navigation()}
<main id="main">
<h1>${info.title}</h1>
${prose(guide().introduction.split('\n\n')[0] as string)}
${getStartedSection()}
${operationGroups().map(
  ({ tag, operations }) => html`<section id="${slug(tag)}" data-entry="${tag}">
<h2><a href="#${slug(tag)}">${tag}</a></h2>
<p>${descriptions.get(tag)}</p>
${operations.map(operationSection)}</section>\n`,
)}${guide().sections.map(
  ({ title, text }) => html`<section id="${slug(title)}" data-entry="${title}">
<h2><a href="#${slug(title)}">${title}</a></h2>
${prose(text, slug(title))}</section>\n`,
)}</main>
</body>
</html>
`.text;
}
