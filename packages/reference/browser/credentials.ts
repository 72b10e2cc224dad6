import { all } from './elements.ts';

/**
 * Matches the characters of a token or key (RFC 6750, section 2.1). Other characters could end a
 * string in a sample.
 */
const safeInSamples = /^[A-Za-z0-9._~+/=-]+$/;

const inputsOf = (scheme: string) => all<HTMLInputElement>(`input[data-scheme="${scheme}"]`);

/** Returns pasted credentials without surrounding white space and without a leading `Bearer`. */
export const pasted = (text: string): string => text.trim().replace(/^Bearer\s+/i, '');

/**
 * Writes credentials into the samples. If there are no credentials, or they are not safe in a
 * sample, writes the placeholder.
 */
function fillSamples(scheme: string, value: string): void {
  for (const place of all(`var[data-scheme="${scheme}"]`)) {
    place.dataset['placeholder'] ??= place.textContent;
    place.textContent = safeInSamples.test(value)
      ? value
      : (place.dataset['placeholder'] as string);
  }
}

/**
 * Sets the credentials of a security scheme in all samples and in all inputs except the given one.
 */
export function setCredentials(scheme: string, value: string, except?: HTMLInputElement): void {
  for (const input of inputsOf(scheme)) {
    if (input !== except) input.value = value;
  }
  fillSamples(scheme, pasted(value));
}

/**
 * Copies credentials from the input in which the reader enters them to the security scheme's other
 * inputs and to the samples. Credentials exist only as the values of inputs and as text. They are
 * removed when the reader leaves the page.
 */
export function shareCredentials(): void {
  const inputs = all<HTMLInputElement>('input[data-scheme]');
  for (const input of inputs) {
    const scheme = input.dataset['scheme'] as string;
    input.addEventListener('input', () => setCredentials(scheme, input.value, input));
    // A browser may have restored the value, or the reader may have typed before the script ran.
    if (input.value !== '') setCredentials(scheme, input.value, input);
  }
  // Otherwise, the back/forward cache could show the page with the credentials again.
  addEventListener('pagehide', () => {
    for (const { dataset } of inputs) setCredentials(dataset['scheme'] as string, '');
    for (const shown of all('.new-keys, .answer')) shown.replaceChildren();
  });
}
