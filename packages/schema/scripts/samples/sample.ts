/** The request that a sample program sends. */
export interface SampleRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The example body. Undefined if the request has no body. */
  readonly body: unknown;
}

/** A programming language, with a generator of sample programs. */
export interface Language {
  /** Identifier of the language for syntax highlighting. */
  readonly lang: string;
  /** Name of the language, as displayed to readers. */
  readonly label: string;
  /**
   * Returns a complete program that sends the request and prints the response body. If the response
   * has an error status, the program fails and prints the status and the body. Each header is on a
   * separate line of the program.
   */
  source(request: SampleRequest): string;
}

/** Timeout of each sample program in seconds. */
export const timeoutSeconds = 30;

/** Formats a value as JSON with the indentation of the published samples. */
export const prettyJson = (value: unknown): string => JSON.stringify(value, null, 2);

/**
 * Returns text as a double-quoted string literal. The literal is valid in JavaScript, Python, Go,
 * Java and C#.
 */
export const quoted = (text: string): string => JSON.stringify(text);

/** Indents every line except the first. */
export const indented = (text: string, indent: string): string =>
  text.replaceAll('\n', `\n${indent}`);
