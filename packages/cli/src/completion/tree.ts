import type { Command } from '../command.ts';
import { optionsOf } from '../options.ts';

/** All commands by name, such as `keys create`. */
export type Commands = ReadonlyMap<string, Command>;

/** A step of the completion: the words that may follow the given beginning of a command line. */
interface Step {
  /** The beginning of the command line, such as `keys`. Empty for the first word. */
  readonly after: string;
  readonly words: readonly string[];
}

/** Returns the steps of the completion, one for each beginning of a command line. */
export function stepsOf(commands: Commands): Step[] {
  const verbs = [...commands.keys()];
  const groups = [...new Set(verbs.flatMap((verb) => verb.match(/^\S+(?= )/) ?? []))];
  const first = [
    ...new Set(verbs.map((verb) => verb.split(' ')[0] as string)),
    '--help',
    '--version',
  ];
  return [
    { after: '', words: first },
    ...groups.map((group) => ({
      after: group,
      words: verbs
        .filter((verb) => verb.startsWith(`${group} `))
        .map((verb) => verb.slice(group.length + 1)),
    })),
    ...[...commands].map(([verb, command]) => ({
      after: verb,
      words: [
        ...(command.choices ?? []),
        ...Object.keys(optionsOf(command)).map((name) => `--${name}`),
      ],
    })),
  ];
}

/** Returns the options that take a value, such as `--url`, of all commands. */
export function optionsWithValue(commands: Commands): string[] {
  const options = [...commands.values()].flatMap((command) => Object.entries(optionsOf(command)));
  const names = options.flatMap(([name, { type }]) => (type === 'string' ? `--${name}` : []));
  return [...new Set(names)].toSorted();
}
