/** Returns the element of the page that a selector matches. */
export const find = <Type extends Element>(selector: string) =>
  document.querySelector(selector) as Type;
