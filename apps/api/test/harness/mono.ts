import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What is missing for C# on this machine, in words, or undefined when nothing is. */
export function missingForMono(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'mono-'));
  // The library is a package of its own: only a program that uses it tells whether it is there.
  writeFileSync(join(folder, 'probe.cs'), 'class Probe { static void Main() { new System.Net.Http.HttpClient(); } }');
  const commands = [
    ['mcs', '-r:System.Net.Http', 'probe.cs'],
    ['mono', 'probe.exe'],
  ] as const;
  const works = commands.every(
    ([program, ...parameters]) => spawnSync(program, parameters, { cwd: folder, stdio: 'ignore' }).status === 0,
  );
  rmSync(folder, { recursive: true });
  return works ? undefined : "Mono's mcs and mono with System.Net.Http";
}
