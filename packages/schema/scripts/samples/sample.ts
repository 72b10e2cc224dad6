/** What a sample shows, in no language yet. */
export interface SampleRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The body's example; undefined where nothing is sent. */
  readonly body: unknown;
}

/** A language that every operation is shown in. */
export interface Language {
  /** For the highlighting of a reference page. */
  readonly lang: string;
  /** What a reader chooses. */
  readonly label: string;
  /**
   * A whole program that runs as it stands: it prints the answer, and ends with an error that tells the status and the body
   * (its `message` and `details`) for any status that is not a success. Every header stands on a line of its own.
   */
  source(request: SampleRequest): string;
}

/** The time that every sample allows for an answer. */
export const timeoutSeconds = 30;

/** JSON as the published samples have it. */
export const prettyJson = (value: unknown): string => JSON.stringify(value, null, 2);

/** A string literal in double quotes that JavaScript, Python, Go, Java and C# read alike. */
export const quoted = (text: string): string => JSON.stringify(text);

/** Moves every line but the first, for what stands deeper in a program. */
export const indented = (text: string, indent: string): string => text.replaceAll('\n', `\n${indent}`);
