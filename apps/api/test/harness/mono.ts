import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Returns the missing software that is needed to run C# samples, or undefined. */
export function missingForMono(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mono-'));
  // System.Net.Http is a separate package. Compiling a program that uses it shows whether the
  // package is installed.
  writeFileSync(
    join(folder, 'probe.cs'),
    'class Probe { static void Main() { new System.Net.Http.HttpClient(); } }',
  );
  const commands = [
    ['mcs', '-r:System.Net.Http', 'probe.cs'],
    ['mono', 'probe.exe'],
  ] as const;
  const works = commands.every(
    ([program, ...parameters]) =>
      spawnSync(program, parameters, { cwd: folder, stdio: 'ignore' }).status === 0,
  );
  rmSync(folder, { recursive: true });
  return works ? undefined : "Mono's mcs and mono with System.Net.Http";
}
