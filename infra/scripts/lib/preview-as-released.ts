import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { outputsOf, programFolder, writeSettings } from './cli.ts';
import { previewed, type Step } from './preview-steps.ts';

/**
 * Previews an `up` like {@link previewed}, with a temporary copy of the stack's file. The copy
 * contains the image and traffic settings of the last update, because a release sets these without
 * committing them.
 *
 * @param args further arguments of the preview
 */
export async function previewedAsReleased(
  stack: string,
  args: readonly string[] = [],
): Promise<Step[]> {
  const outputs = outputsOf(stack);
  const output = (key: string) => (outputs[key] as string | undefined) || undefined;
  const image = output('image');
  // A stack that is not deployed, or that has no service, has no release.
  if (image === undefined) return previewed(stack, { args });
  const folder = mkdtempSync(join(tmpdir(), 'andamio-'));
  try {
    const name = `Pulumi.${stack}.yaml`;
    const file = join(folder, name);
    cpSync(join(programFolder, name), file);
    const stableRevision = output('stableRevision');
    const stableImage = stableRevision && output('stableImage');
    await writeSettings(stack, { image, stableRevision, stableImage }, { file });
    return await previewed(stack, { args: [...args, '--config-file', file] });
  } finally {
    rmSync(folder, { recursive: true });
  }
}
