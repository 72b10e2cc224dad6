import { type Commands, optionsWithValue, stepsOf } from './tree.ts';

/**
 * Returns the `case` branches that set `candidates` by the words before. A step with more words in
 * front comes first, because a command may have an argument.
 */
function branches(commands: Commands): string {
  const steps = stepsOf(commands).toSorted((one, other) => other.after.length - one.after.length);
  return steps
    .map(({ after, words }) => {
      const isCommand = commands.has(after);
      const pattern = after === '' ? "''" : `'${after} '${isCommand ? '*' : ''}`;
      return `    ${pattern}) candidates='${words.join(' ')}' ;;`;
    })
    .join('\n');
}

/**
 * Returns the loop that joins the words before the cursor that are no options and no values. bash
 * makes three words of `--url=URL`.
 */
export function loop(commands: Commands, words: string): string {
  return `  local word before= skip= candidates=
  for word in ${words}; do
    if [[ -n $skip ]]; then [[ $word == '=' ]] || skip=; continue; fi
    case $word in
      ${optionsWithValue(commands).join('|')}) skip=1 ;;
      -*) ;;
      *) before+="$word " ;;
    esac
  done
  [[ -n $skip ]] && return
  case $before in
${branches(commands)}
  esac`;
}

/** Returns the completions for bash. After an option with a value, bash completes file names. */
export function bash(commands: Commands): string {
  return `_andamio() {
${loop(commands, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`)}
  COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _andamio andamio
`;
}
