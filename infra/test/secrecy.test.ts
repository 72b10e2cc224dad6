import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { secretValues } from './harness/settings.ts';
import { cloud, configure, describeByDriver, stackOf } from './harness/stack.ts';

/** All files of a folder as one text. */
function filesBelow(folder: string): string {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return files.map(({ parentPath, name }) => readFileSync(join(parentPath, name), 'utf8')).join('\n');
}

const madeByGoogle = 'redis-password-made-by-google';

describeByDriver('no secret stands in plain where people look', () => {
  test.each(['dev', 'prod'] as const)('not in what %s prints, keeps or tells', async (name) => {
    const printed: string[] = [];
    const onOutput = (text: string) => printed.push(text);
    const google = await cloud();
    if (name === 'prod') await (await stackOf(google, 'shared')).up({ onOutput });
    const stack = await stackOf(google, name);
    await stack.preview({ diff: true, onOutput });
    await stack.up({ diff: true, onOutput });
    const next = `b:${Buffer.alloc(32, 'next').toString('base64')}`;
    await configure(stack, { keyPeppers: `a:${secretValues.pepper},${next}` });
    await stack.preview({ diff: true, onOutput });
    await stack.up({ diff: true, onOutput });
    await stack.refresh({ onOutput });

    expect(filesBelow(stack.workspace.workDir)).toContain('andamio-api-key-peppers');
    const places = {
      printed: printed.join(''),
      // State, history and settings, as they lie in the backend.
      state: filesBelow(stack.workspace.workDir),
      outputs: JSON.stringify(await stack.outputs()),
    };
    for (const [place, text] of Object.entries(places)) {
      for (const value of [...Object.values(secretValues), next.slice(2), madeByGoogle]) {
        expect(text.includes(value), `a secret is in ${place}`).toBe(false);
      }
    }
  });
});
