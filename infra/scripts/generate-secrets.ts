// pnpm secrets:generate STACK [--add-pepper | --promote-pepper | --drop-pepper | --add-jwt-secret | --drop-jwt-secret]
// Makes the secrets that a stack lacks, or takes one step of a rotation. Values go from here into the stack's encrypted
// settings and are shown nowhere.
import { randomBytes } from 'node:crypto';
import { Failure, outputsOf, projectName, pulumi, say, script } from './cli.ts';

const bytes = 32;
const newJwtSecret = () => randomBytes(bytes).toString('base64url');

/** A pepper's version is the day it was made on, and a letter where there are more of that day. */
function newPepper(taken: readonly string[]): string {
  const day = new Date().toISOString().slice(0, 10).replaceAll('-', '');
  const version = [day, ...'bcdefghijklmnopqrstuvwxyz'].find(
    (name, index) => !taken.includes(index === 0 ? day : day + name),
  );
  return `${version === day ? day : `${day}${version}`}:${randomBytes(bytes).toString('base64')}`;
}

const versionOf = (pepper: string) => pepper.split(':')[0] as string;

function settings(stack: string): Record<string, { readonly value?: string }> {
  return JSON.parse(pulumi(stack, ['config', '--json', '--show-secrets'], { quiet: true }));
}

function set(stack: string, key: string, value: string): void {
  // Through standard input: arguments are visible to everybody on the machine.
  pulumi(stack, ['config', 'set', '--secret', `${projectName}:${key}`], { input: value, quiet: true });
}

/** The steps of a rotation; each gives the whole line that is to be. */
const steps: Record<
  string,
  { readonly key: string; next(line: string, deployed: readonly string[]): string; readonly after: string }
> = {
  '--add-pepper': {
    key: 'keyPeppers',
    next: (line) => `${line},${newPepper(line.split(',').map(versionOf))}`,
    after: 'It verifies after the next `pulumi up`. Then: --promote-pepper',
  },
  '--promote-pepper': {
    key: 'keyPeppers',
    next(line, deployed) {
      const peppers = line.split(',');
      const last = peppers.at(-1) as string;
      if (peppers.length < 2) throw new Failure('There is one pepper: --add-pepper comes first.');
      // Instances that do not know it would refuse the keys that it makes.
      if (!deployed.includes(versionOf(last))) {
        throw new Failure(`Pepper ${versionOf(last)} is not deployed everywhere yet: \`pulumi up\` comes first.`);
      }
      return [last, ...peppers.slice(0, -1)].join(',');
    },
    after:
      'It makes the new keys after the next `pulumi up`. Do not go back to a release from before --add-pepper from then on.',
  },
  '--drop-pepper': {
    key: 'keyPeppers',
    next(line) {
      const peppers = line.split(',');
      if (peppers.length < 2) throw new Failure('There is one pepper: it cannot be dropped.');
      return peppers.slice(0, -1).join(',');
    },
    after: 'Keys made under it are refused after the next `pulumi up`.',
  },
  '--add-jwt-secret': {
    key: 'jwtSecrets',
    next: (line) => [line, newJwtSecret()].filter(Boolean).join(','),
    after: 'It verifies after the next `pulumi up`; then let the issuer sign with it.',
  },
  '--drop-jwt-secret': {
    key: 'jwtSecrets',
    next(line) {
      const secrets = line.split(',');
      if (secrets.length < 2) throw new Failure('There is one JWT secret: it cannot be dropped.');
      return secrets.slice(1).join(',');
    },
    after: 'Tokens signed with it are refused after the next `pulumi up`.',
  },
};

await script((args) => {
  const usage = `pnpm secrets:generate STACK [${Object.keys(steps).join(' | ')}]`;
  const [stack, option] = args;
  if (!stack || args.length > 2 || (option && !(option in steps))) throw new Failure(`Usage: ${usage}`);
  const present = settings(stack);
  const value = (key: string) => present[`${projectName}:${key}`]?.value;

  const step = option === undefined ? undefined : steps[option];
  if (step) {
    const line = value(step.key);
    if (line === undefined)
      throw new Failure(`${projectName}:${step.key} is not set: \`pnpm secrets:generate ${stack}\` comes first.`);
    set(stack, step.key, step.next(line, (outputsOf(stack)['pepperVersions'] as string[] | undefined) ?? []));
    say(`${projectName}:${step.key} of ${stack} is changed. ${step.after}`);
    return;
  }
  const wanted: Record<string, () => string> = {
    keyPeppers: () => newPepper([]),
    ...(value('jwksUrl') === undefined && { jwtSecrets: newJwtSecret }),
  };
  for (const [key, make] of Object.entries(wanted)) {
    if (value(key) !== undefined || value(`${key}Version`) !== undefined) {
      say(`${projectName}:${key} of ${stack} is there.`);
    } else {
      set(stack, key, make());
      say(`${projectName}:${key} of ${stack} is made.`);
    }
  }
});
