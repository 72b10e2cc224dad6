// npx -y pnpm@12 secrets:generate STACK [STEP]: creates the missing secrets of a stack in Secret
// Manager, or performs one step of a rotation. It sends values only to Secret Manager and never
// prints them. It writes the version number to the stack's file.
import { type ServiceSecret, secretIdOf, serviceSecrets } from '../settings/service-variables.ts';
import { defaults } from '../settings/stack-settings.ts';
import { Failure, outputsOf, projectName, pulumi, say, script } from './lib/cli.ts';
import { ManagedSecret } from './lib/secret-manager.ts';
import { ensure, type StackSecret, steps, take } from './lib/secret-rotation.ts';

type Config = Readonly<Record<string, { readonly value?: string }>>;

function secretsOf(stack: string) {
  const config: Config = JSON.parse(pulumi(stack, ['config', '--json'], { quiet: true }));
  const setting = (key: string) => config[`${projectName}:${key}`]?.value;
  const project = config['gcp:project']?.value;
  if ((setting('owns') ?? defaults.owns) === 'project')
    throw new Failure(`Stack ${stack} has no service, so it needs no secrets.`);
  if (project === undefined)
    throw new Failure(
      `gcp:project is not set. Run: npx -y pnpm@12 bootstrap --project ID ${stack}`,
    );

  const secretNamed = (name: string): StackSecret => {
    const secret = serviceSecrets.find((each) => each.name === name) as ServiceSecret;
    const key = `${projectName}:${secret.versionKey}`;
    return {
      stack,
      secret,
      vault: new ManagedSecret(project, secretIdOf(setting('service') ?? defaults.service, name)),
      pinned() {
        const version = setting(secret.versionKey);
        return version === undefined ? undefined : Number(version);
      },
      pin(version) {
        pulumi(stack, ['config', 'set', key, String(version)], { quiet: true });
        say(`${key} of ${stack} is ${version}.`);
      },
      deployed() {
        const { secretVersions, stableRevision } = outputsOf(stack) as {
          readonly secretVersions?: Readonly<Record<string, number>>;
          readonly stableRevision?: string;
        };
        // While a candidate exists, the stable revision may use an earlier version.
        if (stableRevision)
          throw new Failure('A release is in progress. Complete it or roll it back first.');
        return secretVersions?.[secret.versionKey];
      },
    };
  };
  return { setting, secretNamed };
}

const usage = `Usage: npx -y pnpm@12 secrets:generate STACK [${Object.keys(steps).join(' | ')}]
--drop-pepper can be followed by the name of a pepper.`;

await script((args) => {
  const [stack, option, name] = args;
  const known = option === undefined || Object.hasOwn(steps, option);
  const most = option === '--drop-pepper' ? 3 : 2;
  if (!stack || !known || args.length > most) throw new Failure(usage);
  const { setting, secretNamed } = secretsOf(stack);
  const step = option === undefined ? undefined : steps[option];
  if (option !== undefined && step !== undefined) {
    const performed = take(secretNamed(step.secret), option, name);
    if (performed !== undefined) say(performed);
    say(`${step.after}\nnpx -y pnpm@12 pulumi up --stack ${stack}`);
    return;
  }
  const hasIssuer = (setting('jwksUrl') ?? setting('jwtOidcIssuer')) !== undefined;
  const guardSecrets = secretNamed('guard-secrets');
  const needed = [
    secretNamed('key-peppers'),
    ...(hasIssuer ? [] : [secretNamed('jwt-secrets')]),
    // These secrets are optional.
    ...(guardSecrets.pinned() === undefined ? [] : [guardSecrets]),
  ];
  for (const secret of needed) {
    const replaced = ensure(secret);
    if (replaced !== undefined) say(replaced);
  }
  say(`The secrets of ${stack} are in Secret Manager.`);
});
