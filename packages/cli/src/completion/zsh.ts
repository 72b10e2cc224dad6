import { loop } from './bash.ts';
import type { Commands } from './tree.ts';

/**
 * Returns the completion script for zsh. After an option that takes a value, zsh completes file
 * names.
 */
export function zsh(commands: Commands): string {
  return `#compdef andamio
_andamio() {
${loop(commands, `"\${(@)words[2,CURRENT-1]}"`, '{ _files; return; }')}
  compadd -- \${=candidates}
}
compdef _andamio andamio
`;
}
