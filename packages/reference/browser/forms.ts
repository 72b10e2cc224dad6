import { answerBlocks, newKeyIn, showNewKey } from './answer.ts';
import { setCredentials } from './credentials.ts';
import { all } from './elements.ts';
import { requestOf } from './request.ts';

/** Sends the request of a form and shows the response. */
async function send(form: HTMLFormElement): Promise<void> {
  const [progress, keys, answer, button] = [
    '.progress',
    '.new-keys',
    '.answer',
    'button[type=submit]',
  ].map((selector) => form.querySelector(selector)) as [
    HTMLElement,
    HTMLElement,
    HTMLElement,
    HTMLButtonElement,
  ];
  answer.replaceChildren();
  progress.className = 'progress';
  progress.textContent = 'Sending…';
  button.disabled = true;
  try {
    const started = performance.now();
    const response = await fetch(requestOf(form));
    const received = { response, text: await response.text() };
    const newKey = newKeyIn(received);
    if (newKey !== undefined) showNewKey(keys, newKey);
    answer.append(...answerBlocks(received));
    progress.classList.add(response.ok ? 'good' : 'bad');
    progress.textContent = `Status ${response.status} after ${Math.round(performance.now() - started)} ms`;
    if (newKey !== undefined) setCredentials('ApiKeyAuth', newKey.key);
  } catch (error) {
    progress.classList.add('bad');
    progress.textContent = `No response: ${error instanceof Error ? error.message : error}. Check the values and your connection, then send again.`;
  } finally {
    button.disabled = false;
  }
}

/** Makes each form send its request when it is submitted, and enables the forms' buttons. */
export function enableForms(): void {
  for (const form of all<HTMLFormElement>('form.request')) {
    form.addEventListener('submit', (event) => {
      event.preventDefault();
      void send(form);
    });
    for (const button of all<HTMLButtonElement>('button[type=submit]', form))
      button.disabled = false;
  }
}
