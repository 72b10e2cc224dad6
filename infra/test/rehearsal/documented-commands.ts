import { readFileSync } from 'node:fs';

/**
 * Returns the commands in the `sh` blocks under a heading of a Markdown file. A line that ends with
 * a backslash continues on the next one.
 *
 * @param heading the text of the heading, of any level
 * @throws if the file does not contain the heading, or there are no commands under it
 */
export function documentedCommands(file: string, heading: string): string[] {
  const lines = readFileSync(file, 'utf8')
    .replace(/ \\\n */g, ' ')
    .split('\n');
  const commands: string[] = [];
  let level = 0;
  let isInBlock = false;
  for (const line of lines) {
    const [, marks = '', title] = /^(#+) (.*)$/.exec(isInBlock ? '' : line) ?? [];
    if (title === heading) level = marks.length;
    else if (marks && marks.length <= level) level = 0;
    else if (line.startsWith('```')) isInBlock = line === '```sh';
    else if (level > 0 && isInBlock) commands.push(line);
  }
  if (commands.length === 0) throw new Error(`${file} has no commands under "${heading}".`);
  return commands;
}
