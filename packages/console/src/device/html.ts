import { head, type PageFiles, signInPanels } from '../page/html.ts';
import { texts } from './texts.ts';

const { warning, entry, decision, second, outcome } = texts;

/**
 * Returns the two buttons of a decision. Denying comes first and is as large as approving, so that
 * the page suggests neither.
 */
const choices = (deny: string, approve: string) => `<div class="choices">
<button type="button" id="${deny}">${texts.deny}</button>
<button type="button" id="${approve}">${texts.approve}</button>
</div>`;

/** Returns the page on which a user approves or denies a device login. */
export const devicePage = (files: PageFiles): string => `${head({
  ...files,
  title: texts.title,
  description: texts.description,
  settings: 'settings.json',
})}
<body>
<header>
<h1>Andamio</h1>
<nav aria-label="Console">
<a href="/console">${texts.keys}</a>
<button type="button" id="sign-out" hidden>${texts.signOut}</button>
</nav>
</header>
<main>
<noscript><p>${texts.noScript}</p></noscript>
${signInPanels(texts.signIn)}
<p id="warning" hidden><strong>${warning.heading}</strong> ${warning.text}</p>
<form id="entry" hidden>
<h2>${entry.heading}</h2>
<label for="code">${entry.code}</label>
<input id="code" autocomplete="off" autocapitalize="characters" spellcheck="false" placeholder="${entry.placeholder}">
<button type="submit">${entry.submit}</button>
</form>
<section id="decision" aria-labelledby="question" hidden>
<h2 id="question">${decision.heading}</h2>
<dl>
<dt>${decision.account}</dt>
<dd><span id="account"></span> ${decision.notYou}</dd>
<dt>${decision.code}</dt>
<dd><strong id="shown-code"></strong> ${decision.compare}</dd>
<dt>${decision.asked}</dt>
<dd><time id="asked"></time>, ${decision.from} <span id="address"></span>. <strong id="network"></strong></dd>
<dt>${decision.name}</dt>
<dd><q><bdi id="name"></bdi></q></dd>
<dt>${decision.gets}</dt>
<dd><span id="key"></span> ${decision.consequence}</dd>
</dl>
${choices('deny', 'approve')}
</section>
<section id="second" aria-labelledby="second-question" hidden>
<h2 id="second-question">${second.heading}</h2>
<p id="second-text"></p>
${choices('second-deny', 'second-approve')}
</section>
<section id="outcome" aria-live="polite" hidden>
<h2 id="result" tabindex="-1"></h2>
<p id="result-text"></p>
<div class="choices">
<button type="button" id="take-back">${outcome.takeBack}</button>
<button type="button" id="again">${outcome.again}</button>
</div>
</section>
</main>
</body>
</html>
`;
