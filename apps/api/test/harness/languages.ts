import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Requirement } from './requirements.ts';

type Command = readonly [program: string, ...parameters: string[]];

interface Runner {
  /** Name of the source file. */
  readonly file: string;
  readonly needs?: Requirement;
  /** Commands to run in order. The last command runs the sample. */
  readonly commands: readonly Command[];
  /** Number of last lines that handle the response, if the program must be compiled. */
  readonly responseLines?: number;
}

/** Files and commands that run a sample, by the label of its language in the OpenAPI document. */
export const runners: Readonly<Record<string, Runner>> = {
  curl: { file: 'sample.sh', needs: 'curl', commands: [['bash', 'sample.sh']] },
  JavaScript: { file: 'sample.js', commands: [[process.execPath, 'sample.js']] },
  Go: {
    file: 'main.go',
    needs: 'go',
    commands: [
      ['go', 'vet', 'main.go'],
      ['go', 'run', 'main.go'],
    ],
    responseLines: 14,
  },
  Python: { file: 'sample.py', needs: 'python', commands: [['python3', 'sample.py']] },
  Java: {
    file: 'Main.java',
    needs: 'java',
    // With one thread for the garbage collector and no second compilation, a short program needs
    // about half the processor time.
    commands: [['java', '-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', 'Main.java']],
    responseLines: 8,
  },
  'C#': {
    file: 'Program.cs',
    needs: 'csharp',
    commands: [
      ['mcs', '-warnaserror', '-r:System.Net.Http', 'Program.cs'],
      ['mono', 'Program.exe'],
    ],
    responseLines: 14,
  },
};

interface SampleRun {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function execute([program, ...parameters]: Command, cwd: string): Promise<SampleRun> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, {
      cwd,
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: 120_000,
    });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
    child.once('error', reject).once('close', (code) => resolve({ code, stdout, stderr }));
  });
}

/**
 * Creates a runner of code samples. Each sample runs unchanged in its own folder. `close` deletes
 * these folders. Go uses the user's own build cache, because compiling its standard library takes
 * half a minute.
 */
export function createSampleRunner() {
  const root = mkdtempSync(join(tmpdir(), 'samples-'));
  return {
    async run(label: string, source: string): Promise<SampleRun> {
      const { file, commands } = runners[label] as Runner;
      const folder = mkdtempSync(join(root, 'sample-'));
      writeFileSync(join(folder, file), source);
      let result: SampleRun = { code: null, stdout: '', stderr: '' };
      for (const command of commands) {
        result = await execute(command, folder);
        if (result.code !== 0) break;
      }
      return result;
    },
    close: () => rmSync(root, { recursive: true, force: true }),
  };
}
