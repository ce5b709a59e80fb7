import type { CompletedCommand, CompletedOption } from './completed-commands.js';

/** For zsh with its completion system (compinit). Behind `--` the words are those of another command. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  return `#compdef thingsdb-lock
# Completes thingsdb-lock in zsh.
_thingsdb_lock() {
  local -a commands
  commands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  if (( CURRENT == 2 )); then
    _describe command commands
    return
  fi
  local dashes=\${words[(i)--]}
  if [[ $words[2] == run ]] && (( dashes < CURRENT )); then
    (( CURRENT -= dashes ))
    shift $dashes words
    _normal
    return
  fi
  local subcommand=$words[2]
  (( CURRENT-- ))
  shift words
  case $subcommand in
${commands.map(commandCase).join('\n')}
  esac
}
compdef _thingsdb_lock thingsdb-lock`;
}

function commandCase({ name, options, choices }: CompletedCommand): string {
  const operands = choices.length === 0 ? quoted('*:name:') : quoted(`1:choice:(${choices.join(' ')})`);
  return `    ${name}) _arguments ${[...options.flatMap(specs), operands].join(' ')} ;;`;
}

function specs({ names, description, takes }: CompletedOption): string[] {
  const argument = takes === 'nothing' ? '' : takes === 'file' ? ':file:_files' : ':value:';
  const text = description.replaceAll(/[[\]:\\]/g, '\\$&');
  return names.map((name) => quoted(`${name}[${text}]${argument}`));
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
