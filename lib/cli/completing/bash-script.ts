import type { CompletedCommand } from './completed-commands.js';

/** For bash 3.2 and later. Behind `--` the words are those of another command. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  return `# Completes thingsdb-lock in bash.
_thingsdb_lock() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words= i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} --help --version' -- "$word"))
    return
  fi
  if [[ \${COMP_WORDS[1]} == run ]]; then
    for ((i = 2; i < COMP_CWORD; i++)); do
      if [[ \${COMP_WORDS[i]} == -- ]]; then
        if ((i == COMP_CWORD - 1)); then COMPREPLY=($(compgen -c -- "$word")); fi
        return
      fi
    done
  fi
  case $previous in
${optionCases(commands)}
  esac
  case \${COMP_WORDS[1]} in
${commands.map(commandCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
complete -o default -F _thingsdb_lock thingsdb-lock`;
}

/** What stands behind an option is a file, or anybody's text. */
function optionCases(commands: readonly CompletedCommand[]): string {
  const all = commands.flatMap(({ options }) => options);
  const named = (takes: string): string =>
    [...new Set(all.filter((option) => option.takes === takes).flatMap(({ names }) => names))].join('|');
  return `    ${named('file')}) COMPREPLY=($(compgen -f -- "$word")); return ;;
    ${named('text')}) return ;;`;
}

function commandCase({ name, options, choices }: CompletedCommand): string {
  const words = [...choices, ...options.flatMap(({ names }) => names)];
  return `    ${name}) words='${words.join(' ')}' ;;`;
}
