import { all } from './elements.ts';

/** Shows the samples in one language, and selects that language at every sample. */
function choose(language: string): void {
  for (const choice of all<HTMLInputElement>('.languages input'))
    choice.checked = choice.value === language;
  for (const sample of all('.sample')) sample.hidden = sample.dataset['language'] !== language;
}

/** Makes the choice of a language at one sample apply to all samples. */
export function shareLanguage(): void {
  for (const choice of all<HTMLInputElement>('.languages input')) {
    choice.addEventListener('change', () => {
      const before = choice.getBoundingClientRect().top;
      choose(choice.value);
      // The samples above may have changed their height. Scrolls, so that the control that the
      // reader used stays in place.
      scrollBy({ top: choice.getBoundingClientRect().top - before, behavior: 'instant' });
    });
  }
}
