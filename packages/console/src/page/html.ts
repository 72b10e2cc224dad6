/** The files that the page loads. Paths are relative to the page. */
export interface PageFiles {
  readonly script: string;
  readonly style: string;
}

/** The icon of the pages as a data URL. It shows a key. */
const icon =
  "data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 16 16'%3E%3Cpath fill='none' stroke='%23555' stroke-width='2' d='M7 8a3 3 0 1 1-6 0 3 3 0 0 1 6 0h8v3M12 8v2'/%3E%3C/svg%3E";

interface Head extends PageFiles {
  readonly title: string;
  readonly description?: string;
  /**
   * The path of the console's settings. If set, the browser loads the settings together with the
   * script.
   */
  readonly settings?: string;
}

/** Returns the beginning of a page, up to and including its head. */
export function head({ title, description, settings, script, style }: Head): string {
  return [
    '<!doctype html>',
    '<html lang="en">',
    '<head>',
    '<meta charset="utf-8">',
    '<meta name="viewport" content="width=device-width, initial-scale=1">',
    `<title>Andamio: ${title}</title>`,
    ...(description ? [`<meta name="description" content="${description}">`] : []),
    '<meta name="color-scheme" content="light dark">',
    `<link rel="icon" href="${icon}">`,
    `<link rel="stylesheet" href="${style}">`,
    ...(settings ? [`<link rel="preload" href="${settings}" as="fetch" crossorigin>`] : []),
    `<script type="module" src="${script}"></script>`,
    '</head>',
  ].join('\n');
}

/**
 * Returns the elements that `sign-in.ts` needs: a notice, the button for signing in at the issuer,
 * and the form for pasting a token.
 *
 * @param submit the label of the form's button
 */
export const signInPanels = (submit: string): string => `<p role="alert" id="notice"></p>
<section id="sign-in" aria-labelledby="sign-in-heading" hidden>
<h2 id="sign-in-heading">Sign in</h2>
<p>You sign in at <strong id="issuer"></strong>. This page keeps your sign-in only in memory, so it is
gone when you close or reload the page.</p>
<button type="button" class="primary">Sign in</button>
</section>
<form id="paste" hidden>
<h2>Sign in</h2>
<p id="hint">Paste the token (JWT) of your account. It stays in the memory of this page, and is gone when
you leave it.</p>
<label for="token">Your token</label>
<input id="token" autocomplete="off" spellcheck="false" aria-describedby="hint">
<button type="submit">${submit}</button>
</form>`;

/** Returns the console: a page with the element `<andamio-keys>` and a sign-in form. */
export const page = (files: PageFiles): string => `${head({
  ...files,
  title: 'your API keys',
  description: 'See, create, extend, replace and delete your API keys.',
  settings: 'console/settings.json',
})}
<body>
<header>
<h1>Andamio</h1>
<nav aria-label="Console">
<a href="/api/v1/docs/index.html">API reference</a>
<button type="button" id="sign-out" hidden>Sign out</button>
</nav>
</header>
<main>
<noscript><p>The console needs JavaScript. The <a href="/api/v1/docs/index.html">API
reference</a> lists the requests behind it.</p></noscript>
${signInPanels('Show my keys')}
<andamio-keys hidden></andamio-keys>
</main>
</body>
</html>
`;
