// npx -y pnpm@12 request-key STACK: requests an API key from a deployed service and prints the
// response. The request uses the token in TOKEN. Without TOKEN, the script signs a token with the
// stack's JWT secret and needs access to that secret.
import { randomBytes } from 'node:crypto';
import { basePath } from '@andamio/schema/hosts';
import jwt from 'jsonwebtoken';
import { secretIdOf, variables } from '../settings/service-variables.ts';
import { Failure, named, outputsOf, projectName, pulumi, say, script } from './lib/cli.ts';
import { call } from './lib/http.ts';
import { ManagedSecret } from './lib/secret-manager.ts';

/** Request timeout in milliseconds. It is long enough for an instance to start. */
const timeout = 60_000;

interface Deployed {
  readonly host: string;
  readonly place: { readonly project: string; readonly service: string };
  readonly secretVersions: Readonly<Record<string, number | undefined>>;
}

/**
 * Returns the outputs of a stack's last update.
 *
 * @throws {Failure} if the stack has no service
 */
function deployed(stack: string): Deployed {
  const outputs = outputsOf(stack) as Partial<Deployed>;
  if (outputs.host) return outputs as Deployed;
  throw new Failure(
    `Stack ${stack} has no service yet. Deploy it first: npx -y pnpm@12 pulumi up --stack ${stack}`,
  );
}

/**
 * Signs a token for a random user. The token is valid for one minute.
 *
 * @throws {Failure} if the stack has no JWT secret. Only its issuer can then sign tokens.
 */
function signToken(stack: string, { place, secretVersions }: Deployed): string {
  const { secret, versionKey } = variables.JWT_SECRETS;
  const version = secretVersions[versionKey];
  if (version === undefined) {
    throw new Failure(
      `Only the issuer can sign tokens for ${stack}. Pass one: TOKEN=... npx -y pnpm@12 request-key ${stack}`,
    );
  }
  const config = JSON.parse(pulumi(stack, ['config', '--json'], { quiet: true })) as Record<
    string,
    { value: string }
  >;
  // The settings list issuers and audiences. The token contains the first of each.
  const setting = (key: string) => config[`${projectName}:${key}`]?.value.split(',')[0] as string;
  const value = new ManagedSecret(place.project, secretIdOf(place.service, secret)).access(version);
  return jwt.sign({}, value.split(',')[0] as string, {
    subject: `request-key-${randomBytes(4).toString('hex')}`,
    issuer: setting(variables.JWT_ISSUER.key),
    audience: setting(variables.JWT_AUDIENCE.key),
    expiresIn: 60,
  });
}

await script(async (args) => {
  const { stack } = named(args, 'npx -y pnpm@12 request-key STACK', ['stack']);
  const service = deployed(stack);
  const token = process.env['TOKEN'] || signToken(stack, service);
  const url = `${service.host}${basePath}/apikey/request`;
  say(`POST ${url}`);
  const { status, text } = await call(url, {
    method: 'POST',
    headers: { Authorization: `Bearer ${token}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ api_key_name: `key-${randomBytes(4).toString('hex')}` }),
    timeout,
  });
  if (status !== 200) throw new Failure(`${url} responded with ${status}: ${text}`);
  say(JSON.stringify(JSON.parse(text), undefined, 2));
});
