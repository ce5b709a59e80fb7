import type { CompletedCommand } from './completed-commands.js';

const HELPERS = `_thingsdb_lock_behind_dashes() {
  if declare -F _command_offset > /dev/null; then
    _command_offset $((i + 1))
  elif ((i == COMP_CWORD - 1)); then
    COMPREPLY=($(compgen -c -- "$word"))
  else
    _thingsdb_lock_files
  fi
}
# Bash from 4.0 on knows by itself how a file's name is quoted.
_thingsdb_lock_files() {
  compopt -o default 2> /dev/null || COMPREPLY=($(compgen -f -- "$word"))
}`;

/** For bash 3.2 and later. Behind `--` the words of `run` are those of another command. */
export function bashScript(commands: readonly CompletedCommand[]): string {
  return `# Completes thingsdb-lock in bash.
_thingsdb_lock() {
  local word=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words= i
  COMPREPLY=()
  if ((COMP_CWORD == 1)); then
    COMPREPLY=($(compgen -W '${commands.map(({ name }) => name).join(' ')} --help --version' -- "$word"))
    return
  fi
  for ((i = 2; i < COMP_CWORD; i++)); do
    if [[ \${COMP_WORDS[i]} == -- ]]; then
      if [[ \${COMP_WORDS[1]} == run ]]; then _thingsdb_lock_behind_dashes; fi
      return
    fi
  done
  # Of --config=FILE, bash makes three words.
  if [[ $word == = ]]; then
    word=
  elif [[ $previous == = ]]; then
    previous=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  case $previous in
${optionCases(commands)}
  esac
  case \${COMP_WORDS[1]} in
${commands.map(commandCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$word"))
}
${HELPERS}
complete -F _thingsdb_lock thingsdb-lock`;
}

/** What stands behind an option is a file, or anybody's text. */
function optionCases(commands: readonly CompletedCommand[]): string {
  const all = commands.flatMap(({ options }) => options);
  const named = (takes: string): string =>
    [...new Set(all.filter((option) => option.takes === takes).flatMap(({ names }) => names))].join('|');
  return `    ${named('file')}) _thingsdb_lock_files; return ;;
    ${named('text')}) return ;;`;
}

function commandCase({ name, options, choices }: CompletedCommand): string {
  const words = [...choices, ...options.flatMap(({ names }) => names)];
  return `    ${name}) words='${words.join(' ')}' ;;`;
}
