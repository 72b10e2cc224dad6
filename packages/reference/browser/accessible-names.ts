/** Elements whose markup by the renderer violates WAI-ARIA, with a fix for each. */
const repairs: readonly (readonly [selector: string, repair: (element: Element) => void])[] = [
  ['button.group\\/copy-button:not([aria-label])', (button) => button.setAttribute('aria-label', 'Copy')],
  // The label differs from the visible text, so that users of speech input could not press the
  // button (WCAG 2.2, 2.5.3).
  ['button.show-more[aria-label]', (button) => button.removeAttribute('aria-label')],
  ['button[role="none"]', (button) => button.removeAttribute('role')],
  ['.cm-content[role="textbox"]:not([aria-label])', (editor) => editor.setAttribute('aria-label', 'Body')],
  ['[role="combobox"]:not([aria-expanded])', (box) => box.setAttribute('aria-expanded', 'false')],
];

/** Fixes the current elements and all that are added later. */
export function repairAccessibleNames(root: Element): void {
  const repairAll = () => {
    for (const [selector, repair] of repairs) {
      for (const element of root.querySelectorAll(selector)) repair(element);
    }
  };
  repairAll();
  new MutationObserver(repairAll).observe(root, {
    childList: true,
    subtree: true,
    attributeFilter: ['role', 'aria-label', 'aria-expanded'],
  });
}
