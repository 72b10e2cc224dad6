/**
 * CSS selectors of elements for which the renderer's markup violates WAI-ARIA, each with a function
 * that repairs the element.
 */
const repairs: readonly (readonly [selector: string, repair: (element: Element) => void])[] = [
  [
    'button.group\\/copy-button:not([aria-label])',
    (button) => button.setAttribute('aria-label', 'Copy'),
  ],
  // WCAG 2.2, criterion 2.5.3: speech input activates a button by its visible text, so the label
  // must contain that text.
  ['button.show-more[aria-label]', (button) => button.removeAttribute('aria-label')],
  ['button[role="none"]', (button) => button.removeAttribute('role')],
  [
    '.cm-content[role="textbox"]:not([aria-label])',
    (editor) => editor.setAttribute('aria-label', 'Body'),
  ],
  ['[role="combobox"]:not([aria-expanded])', (box) => box.setAttribute('aria-expanded', 'false')],
];

/** Repairs all current elements and elements that are added later. */
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
