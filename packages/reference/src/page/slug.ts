/** Converts text to an id that can be used in URLs, such as `keep-a-key-safe`. */
export const slug = (text: string): string =>
  text
    .toLowerCase()
    .replace(/[^a-z0-9_]+/g, '-')
    .replace(/^-|-$/g, '');
