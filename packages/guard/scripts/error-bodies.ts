import { type ErrorCode, errorBody, errorKinds } from '@andamio/schema/errors';

const json = (code: ErrorCode) => JSON.stringify(errorBody(code));

/** Puts the contract's error bodies where nginx's configuration has a code and a quoted text. */
export function withNginxBodies(configuration: string): string {
  return configuration.replace(/^( +(\w+) +)'.*';$/gm, (line, start: string, code: string) =>
    Object.hasOwn(errorKinds, code) ? `${start}'${json(code as ErrorCode).replaceAll(/[\\']/g, '\\$&')}';` : line,
  );
}

/** Puts the contract's error body where Envoy's configuration has the text of an answer of its own. */
export function withEnvoyBody(configuration: string): string {
  return configuration.replace(
    /^( +inline_string: ).*$/m,
    `$1'${json('verification_unavailable').replaceAll("'", "''")}'`,
  );
}
