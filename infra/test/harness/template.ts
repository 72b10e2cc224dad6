import { hash } from 'node:crypto';
import { existsSync, mkdtempSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { inject } from 'vitest';

/**
 * Returns a folder whose contents are created once per test run. Tests must not change the folder,
 * but copy it.
 *
 * @param key the values on which the contents depend
 * @param fill creates the contents in an empty folder
 */
export async function template(
  key: readonly unknown[],
  fill: (folder: string) => Promise<void>,
): Promise<string> {
  const folder = join(inject('templates'), hash('sha256', JSON.stringify(key)));
  if (existsSync(folder)) return folder;
  const draft = mkdtempSync(`${folder}-`);
  await fill(draft);
  try {
    renameSync(draft, folder);
  } catch (error) {
    // Another worker created the folder first.
    if ((error as NodeJS.ErrnoException).code !== 'ENOTEMPTY') throw error;
  }
  return folder;
}
