import { type Command, defineCommand } from '../command.ts';
import { bash } from '../completion/bash.ts';
import { fish } from '../completion/fish.ts';
import type { Commands } from '../completion/tree.ts';
import { zsh } from '../completion/zsh.ts';
import { usageError } from '../exit-code.ts';

const shells = new Map([
  ['bash', bash],
  ['zsh', zsh],
  ['fish', fish],
]);
const names = [...shells.keys()].join(', ');

/** Returns the command that prints a shell's completion script. */
export function completion(commands: () => Commands): Command {
  return defineCommand({
    parameter: 'SHELL',
    choices: [...shells.keys()],
    summary: `Prints the completions for a shell: ${names}.`,
    details: [
      'In ~/.bashrc: eval "$(andamio completion bash)". In ~/.zshrc, after compinit if it is called',
      'there: eval "$(andamio completion zsh)". For fish, write the completions to',
      '~/.config/fish/completions/andamio.fish.',
    ],
    credential: 'none',
    options: {},
    plan({ parameter }) {
      const script = shells.get(parameter)?.(commands());
      if (script === undefined) throw usageError(`SHELL must be one of: ${names}.`);
      return async () => ({ json: { script }, text: [script.trimEnd()] });
    },
  });
}
