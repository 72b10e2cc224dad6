import { icon, type PageFiles } from '../page/html.ts';

/** Returns the operators' page, whose content the script renders. */
export const operatorsPage = ({ script, style }: PageFiles): string => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Andamio: operators</title>
<meta name="color-scheme" content="light dark">
<link rel="icon" href="${icon}">
<link rel="stylesheet" href="${style}">
<script type="module" src="${script}"></script>
</head>
<body>
<noscript><p>The page needs JavaScript. Every command is also one of admin.js.</p></noscript>
<div id="operators"></div>
</body>
</html>
`;
