import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { tokenRecipe, tokenRecipes } from '@andamio/testing/token-recipes';
import type { EngineEvent } from '@pulumi/pulumi/automation/index.js';
import { describe, expect, test } from 'vitest';
import { parseSettings } from '../settings/stack-settings.ts';
import { serviceEnvironment } from '../src/service/environment.ts';
import { engineIsHere } from './harness/requirements.ts';
import { remaining } from './harness/settings.ts';
import { cloud, stackOf } from './harness/stack.ts';

const run = promisify(execFile);
const pulumiCommand = 'npx -y pnpm@12 pulumi';

/** Returns the arguments of all documented `pulumi` commands, split as a shell splits them. */
async function argumentsIn(commands: string): Promise<string[]> {
  const printed = commands
    .split('\n')
    .filter((line) => !line.includes('secrets:generate'))
    .join('\n')
    .replaceAll(pulumiCommand, "printf '%s\\n'");
  return (await run('sh', ['-c', printed])).stdout.trim().split('\n');
}

const { 'gcp:project': project, jwtIssuer: _issuer, jwtSecretsVersion, ...dev } = remaining.dev;

const stackRecipes = tokenRecipes.flatMap(({ issuer, settings, stackCommand }) =>
  stackCommand === undefined ? [] : [{ issuer, settings, stackCommand }],
);

test('docs/tokens.md has recipes with commands for stacks', () => {
  expect(stackRecipes.length).toBeGreaterThanOrEqual(7);
});

test.each(stackRecipes)(
  'the documented command for $issuer gives the service the documented settings',
  async ({ settings, stackCommand }) => {
    const { JWT_SECRETS, ...plain } = settings;
    const parameters = await argumentsIn(stackCommand);
    const config = parameters.flatMap((parameter, index) => {
      const [, key, value] = /^andamio:([^=]+)=(.*)$/.exec(parameter) ?? [];
      return key === undefined || parameters[index - 1] !== '--plaintext' ? [] : [[key, value]];
    });
    const parsed = parseSettings(
      {
        owns: 'all',
        ...dev,
        ...(JWT_SECRETS !== undefined && { jwtSecretsVersion }),
        ...Object.fromEntries(config),
      },
      { project, region: 'us-central1' },
    );
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.problems));
    const environment = Object.entries(serviceEnvironment(parsed.settings, [], undefined));
    const tokens = environment.filter(([name]) => name.startsWith('JWT_'));
    expect(Object.fromEntries(tokens)).toEqual(plain);
  },
);

/** Returns the environment of the Cloud Run service that a preview would create. */
function previewedEnvironment(events: readonly EngineEvent[]): Record<string, string> {
  const inputs = events.flatMap(({ resourcePreEvent }) =>
    resourcePreEvent?.metadata.type === 'gcp:cloudrunv2/service:Service'
      ? (resourcePreEvent.metadata.new?.inputs ?? [])
      : [],
  );
  const { template } = inputs[0] as {
    template: { containers: { envs: { name: string; value: string }[] }[] };
  };
  const envs = template.containers.flatMap((container) => container.envs);
  return Object.fromEntries(envs.map(({ name, value }) => [name, value]));
}

describe.skipIf(!engineIsHere)('a stack for the tokens of Firebase', () => {
  test('is configured by the documented commands and previews without an error', async () => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    const { workDir, envVars } = stack.workspace;
    const page = readFileSync(join(import.meta.dirname, '../../docs/tokens.md'), 'utf8');
    const [remove] = /^npx -y pnpm@12 pulumi config rm-all .*$/m.exec(page) ?? [];
    const { settings, stackCommand } = tokenRecipe('Firebase and Google Identity Platform');
    for (const command of [remove, stackCommand] as string[])
      await run('sh', ['-c', command.replaceAll(pulumiCommand, `pulumi -C ${workDir}`)], {
        env: { ...process.env, ...envVars },
      });

    const events: EngineEvent[] = [];
    const { changeSummary } = await stack.preview({ onEvent: (event) => void events.push(event) });
    expect(changeSummary.create).toBeGreaterThan(0);
    const environment = previewedEnvironment(events);
    expect(environment).toMatchObject(settings);
    expect(environment).not.toHaveProperty('JWT_SECRETS');
    expect(environment).not.toHaveProperty('JWT_ISSUER');
  });
});
