import { type ErrorCode, errorBody, errorKinds } from '@andamio/schema/errors';

const json = (code: ErrorCode) => JSON.stringify(errorBody(code));

/**
 * Updates the error bodies in the nginx configuration. Each body is a quoted string after its error
 * code.
 */
export function withNginxBodies(configuration: string): string {
  return configuration.replace(/^( +(\w+) +)'.*';$/gm, (line, start: string, code: string) =>
    Object.hasOwn(errorKinds, code)
      ? `${start}'${json(code as ErrorCode).replaceAll(/[\\']/g, '\\$&')}';`
      : line,
  );
}

/** Updates the error body in the Envoy configuration. */
export function withEnvoyBody(configuration: string): string {
  return configuration.replace(
    /^( +inline_string: ).*$/m,
    `$1'${json('verification_unavailable').replaceAll("'", "''")}'`,
  );
}

/**
 * Updates the error bodies in the Caddy configuration. Each body is a quoted string after the
 * comment that names its error code.
 */
export function withCaddyBodies(configuration: string): string {
  return configuration.replace(
    /^(\t+# Body of (\w+)\.\n\t+respond .*)`.*`/gm,
    (_, start: string, code: string) => `${start}\`${json(code as ErrorCode)}\``,
  );
}
