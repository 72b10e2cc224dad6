import { fstatSync, statSync, writeSync } from 'node:fs';
import { devNull } from 'node:os';
import { CliError, exitCodes } from './exit-code.ts';

const descriptor = 1;

/** Returns why a key that is written to standard output would be lost, as far as that is known. */
function defectOf(): string | undefined {
  const output = fstatSync(descriptor);
  const isDevice = output.isCharacterDevice() && process.stdout.isTTY !== true;
  // Node.js opens the null device in place of a standard output that is closed, so writing to it
  // would seem to succeed.
  if (isDevice && output.rdev === statSync(devNull).rdev) return `is closed, or is ${devNull}`;
  // A pipe is not tested: on Windows, its reader may take an empty message for the end of the
  // output.
  if (!isDevice && !output.isFile()) return undefined;
  try {
    writeSync(descriptor, '');
    return undefined;
  } catch (error) {
    return `cannot be written (${(error as NodeJS.ErrnoException).code ?? 'unknown'})`;
  }
}

/**
 * Checks that a key can be written to standard output. Called before the key is requested, because
 * a key that cannot be printed is lost. A full disk, and a pipe whose reader has exited, are noticed
 * only when the key is written.
 *
 * @throws {@link CliError} if standard output is closed, is the null device, or cannot be written.
 */
export function checkStandardOutput(): void {
  const defect = defectOf();
  if (defect === undefined) return;
  throw new CliError(
    exitCodes.output,
    `Standard output ${defect}, so the key would be lost. No key was requested. Print it to a terminal, a pipe or a file, or store it with --to.`,
  );
}
