import { type ErrorCode, errorBody, errorKinds } from '@andamio/schema/errors';

const json = (code: ErrorCode) => JSON.stringify(errorBody(code));

/**
 * Returns the nginx configuration with the current error bodies. In nginx's configuration, each
 * body is a quoted string after its error code.
 */
export function withNginxBodies(configuration: string): string {
  return configuration.replace(/^( +(\w+) +)'.*';$/gm, (line, start: string, code: string) =>
    Object.hasOwn(errorKinds, code)
      ? `${start}'${json(code as ErrorCode).replaceAll(/[\\']/g, '\\$&')}';`
      : line,
  );
}

/** Returns the Envoy configuration with the current error body. */
export function withEnvoyBody(configuration: string): string {
  return configuration.replace(
    /^( +inline_string: ).*$/m,
    `$1'${json('verification_unavailable').replaceAll("'", "''")}'`,
  );
}

/**
 * Returns the Caddy configuration with the current error bodies. In Caddy's configuration, each
 * body is a quoted string after a comment that names its error code.
 */
export function withCaddyBodies(configuration: string): string {
  return configuration.replace(
    /^(\t+# Body of (\w+)\.\n\t+respond .*)`.*`/gm,
    (_, start: string, code: string) => `${start}\`${json(code as ErrorCode)}\``,
  );
}
