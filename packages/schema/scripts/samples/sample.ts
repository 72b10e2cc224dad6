/** The request that a sample sends, independent of language. */
export interface SampleRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The example body, or undefined if the request has none. */
  readonly body: unknown;
}

/** A programming language with its sample generator. */
export interface Language {
  /** The language for syntax highlighting. */
  readonly lang: string;
  /** The name shown to readers. */
  readonly label: string;
  /**
   * Returns a complete program. It prints the response body, and for an unsuccessful status it
   * fails with the status and the body. Each header is on its own line.
   */
  source(request: SampleRequest): string;
}

/** Seconds that each sample waits for a response. */
export const timeoutSeconds = 30;

/** Returns JSON indented as in the published samples. */
export const prettyJson = (value: unknown): string => JSON.stringify(value, null, 2);

/** Returns a double-quoted string literal that is valid in JavaScript, Python, Go, Java and C#. */
export const quoted = (text: string): string => JSON.stringify(text);

/** Indents every line but the first. */
export const indented = (text: string, indent: string): string => text.replaceAll('\n', `\n${indent}`);
