import { all } from './elements.ts';

/** Copies the text of an element, and reports the result on the button. */
async function copy(button: HTMLButtonElement, source: Element): Promise<void> {
  const label = button.textContent;
  try {
    await navigator.clipboard.writeText(source.textContent ?? '');
    button.textContent = 'Copied';
  } catch {
    // Without HTTPS, the clipboard is not available, so the text is selected for the reader to
    // copy.
    getSelection()?.selectAllChildren(source);
    button.textContent = 'Selected';
  }
  setTimeout(() => {
    button.textContent = label;
  }, 2000);
}

/** Makes a button copy the text of an element, which is looked up at each click. */
export function copyOnClick(button: HTMLButtonElement, find: () => Element | null): void {
  button.addEventListener('click', () => {
    const source = find();
    if (source) void copy(button, source);
  });
  button.disabled = false;
}

/** Makes the buttons of samples copy the sample that is visible. */
export function copySamples(): void {
  for (const samples of all('.samples')) {
    for (const button of all<HTMLButtonElement>('.copy', samples))
      copyOnClick(button, () => samples.querySelector('.sample:not([hidden]) code'));
  }
}
