import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { secretValues } from './harness/settings.ts';
import { cloudFor, configure, describeByDriver, stackOf } from './harness/stack.ts';
import { filesIn } from './rehearsal/secret-search.ts';

/** Returns the concatenated contents of all files in a folder. */
function contentsOf(folder: string): string {
  return filesIn(folder)
    .map((path) => readFileSync(path, 'utf8'))
    .join('\n');
}

// The process that runs the program could print a secret, so it is a separate process as in `pulumi
// up`.
describeByDriver('secret values do not reach Pulumi', () => {
  test.each(['dev', 'prod'] as const)(
    'they are not in the configuration, state, plan, logs or outputs of %s',
    async (name) => {
      const printed: string[] = [];
      const print = (text: string) => void printed.push(text);
      const options = { diff: true, onOutput: print, onError: print };
      const google = await cloudFor(name);
      const stack = await stackOf(google, name);
      const plan = join(stack.workspace.workDir, 'plan.json');
      // At this log verbosity, the engine logs all requests and responses.
      await stack.preview({ ...options, plan, logVerbosity: 9, logToStdErr: true });
      await stack.up(options);
      const next = Buffer.alloc(32, 'next').toString('base64');
      const project = name === 'prod' ? 'documented-project' : 'my-project';
      const peppers = `projects/${project}/secrets/andamio-api-key-peppers`;
      const version = await google.addSecretVersion(peppers, `a:${secretValues.pepper},b:${next}`);
      await configure(stack, { keyPeppersVersion: String(version) });
      await stack.up(options);
      await stack.refresh(options);

      const places = {
        printed: printed.join(''),
        // The stack's settings, its state with history and backups, and the plan.
        files: contentsOf(stack.workspace.workDir),
        // The state, in which encrypted values are exported as plain text.
        state: JSON.stringify(await stack.exportStack()),
      };
      for (const [place, text] of Object.entries(places)) {
        expect(text, place).toContain('andamio-api-key-peppers');
        for (const value of [...Object.values(secretValues), next]) {
          expect(text.includes(value), `a secret is in ${place}`).toBe(false);
        }
      }
    },
  );
}, ['literal']);
