import { loop } from './bash.ts';
import type { Commands } from './tree.ts';

/**
 * Returns the completion script for zsh. After an option that takes a value, zsh completes file
 * names.
 *
 * A shell runs the script at its start, or loads it from `fpath` at the first completion. In the
 * first case, the script starts zsh's completion system unless `.zshrc` has done so. `-i` ignores
 * folders that other users can write to, instead of asking about them. In the second case, the
 * script is the body of the completion function, and completes as well.
 */
export function zsh(commands: Commands): string {
  return `#compdef andamio
_andamio() {
${loop(commands, `"\${(@)words[2,CURRENT-1]}"`, '{ _files; return; }')}
  compadd -- \${=candidates}
}
(( $+functions[compdef] )) || { autoload -Uz compinit && compinit -i; }
compdef _andamio andamio
if [[ $funcstack[1] == _andamio ]]; then _andamio "$@"; fi
`;
}
