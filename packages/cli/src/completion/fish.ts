import { optionsOf } from '../options.ts';
import type { Commands } from './tree.ts';

const quoted = (text: string) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;

const seen = (words: readonly string[]) =>
  words.map((word) => `__fish_seen_subcommand_from ${word}`).join('; and ');

/** Returns the completion script for fish, with descriptions from the help. */
export function fish(commands: Commands): string {
  const verbs = [...commands.keys()];
  const lines = ['complete -c andamio -f'];
  const add = (condition: string, argument: string, help: string) =>
    lines.push(`complete -c andamio -n ${quoted(condition)} ${argument} -d ${quoted(help)}`);
  for (const group of new Set(verbs.flatMap((verb) => verb.match(/^\S+(?= )/) ?? [])))
    add('__fish_use_subcommand', `-a ${group}`, `Commands on ${group}.`);
  for (const [verb, command] of commands) {
    const words = verb.split(' ');
    const [first, second] = words as [string, string | undefined];
    if (second === undefined) {
      add('__fish_use_subcommand', `-a ${first}`, command.summary);
    } else {
      const siblings = verbs.flatMap((other) => {
        const [group, sibling] = other.split(' ');
        return group === first && sibling !== undefined ? sibling : [];
      });
      const isOpen = `${seen([first])}; and not __fish_seen_subcommand_from ${siblings.join(' ')}`;
      add(isOpen, `-a ${second}`, command.summary);
    }
    const { parameter = '', choices = [] } = command;
    if (choices.length > 0) add(seen(words), `-a '${choices.join(' ')}'`, parameter);
    for (const [name, { type, help }] of Object.entries(optionsOf(command)))
      add(seen(words), `-l ${name}${type === 'string' ? ' -r' : ''}`, help);
  }
  return `${lines.join('\n')}\n`;
}
