import { credentialsOfScheme, operationById } from '../document.ts';
import { type Html, html } from '../html.ts';
import { credentialsInput, requestForm } from './form.ts';
import { samplesBlock } from './samples.ts';

/** Renders the first steps: get a token, request a key, and send a request with the key. */
export function getStartedSection(): Html {
  const request = operationById('request-api-key-auth');
  const verify = operationById('verify-api-key');
  return html`<section id="get-started" data-entry="Get started">
<h2><a href="#get-started">Get started</a></h2>
<ol class="steps">
<li>
<h3>Get a token</h3>
<p>A token (JWT) proves who you are. Sign in to the platform to get one. Its operator can tell you where; on your own machine, <code>npm run --silent token -- --sub bob</code> prints one. Paste it here, and every sample and form on this page uses it. The page keeps it in memory only, until you leave or reload.</p>
${credentialsInput(credentialsOfScheme('BearerAuth'), 'token', 'Your token')}
</li>
<li>
<h3>Request your first key</h3>
<p>Run the sample in the language of your choice, or send the request from here. Each key has a name of its own.</p>
<div class="columns">
${samplesBlock(request, 'first-key')}
${requestForm(request, 'first-key')}
</div>
</li>
<li>
<h3>Make the first call with the key</h3>
<p>Programs send the key in the header <code>X-API-Key</code>. <a href="#verify-api-key">${verify.operation.summary}</a> returns the owner of the key:</p>
<div class="columns">
${samplesBlock(verify, 'first-call')}
${requestForm(verify, 'first-call')}
</div>
</li>
</ol>
</section>\n`;
}
