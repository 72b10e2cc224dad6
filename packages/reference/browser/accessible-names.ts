/** Where the renderer's markup breaks a rule of WAI-ARIA, and what mends it. */
const repairs: readonly (readonly [selector: string, repair: (element: Element) => void])[] = [
  ['button.group\\/copy-button:not([aria-label])', (button) => button.setAttribute('aria-label', 'Copy')],
  // The label says something else than the button shows: who speaks to the computer could not press it (WCAG 2.2, 2.5.3).
  ['button.show-more[aria-label]', (button) => button.removeAttribute('aria-label')],
  ['button[role="none"]', (button) => button.removeAttribute('role')],
  ['.cm-content[role="textbox"]:not([aria-label])', (editor) => editor.setAttribute('aria-label', 'Body')],
  ['[role="combobox"]:not([aria-expanded])', (box) => box.setAttribute('aria-expanded', 'false')],
];

/** Mends what is there and whatever comes. */
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
