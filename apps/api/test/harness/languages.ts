import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Requirement } from './requirements.ts';

type Command = readonly [program: string, ...parameters: string[]];

interface Runner {
  readonly file: string;
  readonly needs?: Requirement;
  /** One after the other; what the last one prints is the program's. */
  readonly commands: readonly Command[];
}

/** How a sample is run by who has copied it into a file, by the label that the document gives its language. */
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
  },
  Python: { file: 'sample.py', needs: 'python', commands: [['python3', 'sample.py']] },
  Java: { file: 'Main.java', needs: 'java', commands: [['java', 'Main.java']] },
  'C#': {
    file: 'Program.cs',
    needs: 'csharp',
    commands: [
      ['mcs', '-warnaserror', '-r:System.Net.Http', 'Program.cs'],
      ['mono', 'Program.exe'],
    ],
  },
};

export interface Ran {
  readonly code: number | null;
  readonly output: string;
  /** Standard error. */
  readonly complaint: string;
}

function execute([program, ...parameters]: Command, cwd: string, env: NodeJS.ProcessEnv): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, parameters, { cwd, env, stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 });
    let output = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.stderr.setEncoding('utf8').on('data', (text) => (complaint += text));
    child.once('error', reject).once('close', (code) => resolve({ code, output, complaint }));
  });
}

/** Runs programs as they stand, each in a folder of its own; what compilers keep is shared among them, and removed at the end. */
export function createWorkshop() {
  const workshop = mkdtempSync(join(tmpdir(), 'samples-'));
  const env = { ...process.env, GOCACHE: join(workshop, 'go-cache') };
  return {
    async run(label: string, source: string): Promise<Ran> {
      const { file, commands } = runners[label] as Runner;
      const folder = mkdtempSync(join(workshop, 'sample-'));
      writeFileSync(join(folder, file), source);
      let ran: Ran = { code: null, output: '', complaint: '' };
      for (const command of commands) {
        ran = await execute(command, folder, env);
        if (ran.code !== 0) break;
      }
      return ran;
    },
    close: () => rmSync(workshop, { recursive: true, force: true }),
  };
}
