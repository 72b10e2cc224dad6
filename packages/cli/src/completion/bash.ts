import { type Commands, optionsWithValue, stepsOf } from './tree.ts';

/**
 * Returns the `case` branches that set `candidates` according to the words before the cursor.
 * Longer commands come first, because the pattern of a shorter command may also match a longer one.
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
 * Returns the loop that joins the words before the cursor, except options and their values. bash
 * splits `--url=URL` into three words.
 *
 * @param words the words before the cursor, in the syntax of the shell
 * @param afterOption the shell command to run if the cursor is after an option that takes a value
 */
export function loop(commands: Commands, words: string, afterOption: string): string {
  return `  local word before= skip= candidates=
  for word in ${words}; do
    if [[ -n $skip ]]; then [[ $word == '=' ]] || skip=; continue; fi
    case $word in
      ${optionsWithValue(commands).join('|')}) skip=1 ;;
      -*) ;;
      *) before+="$word " ;;
    esac
  done
  [[ -n $skip ]] && ${afterOption}
  case $before in
${branches(commands)}
  esac`;
}

/**
 * Returns the completion script for bash. After an option that takes a value, bash completes file
 * names.
 */
export function bash(commands: Commands): string {
  return `_andamio() {
${loop(commands, `"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`, 'return')}
  COMPREPLY=($(compgen -W "$candidates" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _andamio andamio
`;
}
