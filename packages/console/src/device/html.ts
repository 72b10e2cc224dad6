import { head, type PageFiles, signInPanels } from '../page/html.ts';

/** Returns the page on which a user approves or denies a device login. */
export const devicePage = (files: PageFiles): string => `${head({
  ...files,
  title: 'approve a program',
  description: 'Approve or deny a program that asks for an API key.',
  settings: 'settings.json',
})}
<body>
<header>
<h1>Andamio</h1>
<nav aria-label="Console">
<a href="/console">Your keys</a>
<button type="button" id="sign-out" hidden>Sign out</button>
</nav>
</header>
<main>
<noscript><p>This page needs JavaScript.</p></noscript>
${signInPanels('Sign in')}
<p id="warning" hidden><strong>Only continue if you started this login yourself.</strong> If a website, a
message or another person gave you this code, stop.</p>
<form id="entry" hidden>
<h2>Enter the code shown in your terminal</h2>
<label for="code">Code</label>
<input id="code" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="XXXX-XXXX">
<button type="submit">Continue</button>
</form>
<section id="decision" aria-labelledby="question" hidden>
<h2 id="question">Let a program create an API key for you?</h2>
<dl>
<dt>Account</dt>
<dd><span id="account"></span> (not you? Sign out)</dd>
<dt>Code</dt>
<dd><strong id="shown-code"></strong> It must be the code in <em>your</em> terminal.</dd>
<dt>Asked</dt>
<dd><time id="asked"></time>, from <span id="address"></span></dd>
<dt>It calls itself</dt>
<dd><q><bdi id="name"></bdi></q></dd>
<dt>It will get</dt>
<dd>a key that is valid for <span id="days"></span>. Anyone who uses this terminal can use your
account's API with it.</dd>
</dl>
<div id="choices">
<button type="button" id="deny">Deny</button>
<button type="button" id="approve">Approve</button>
</div>
</section>
<section id="outcome" aria-live="polite" hidden>
<h2 id="result" tabindex="-1"></h2>
<button type="button" id="again">Enter another code</button>
</section>
</main>
</body>
</html>
`;
