import type { CompletedCommand, CompletedOption } from './completed-commands.js';

/** For zsh with its completion system (compinit). Behind `--` the words of `run` are those of another command. */
export function zshScript(commands: readonly CompletedCommand[]): string {
  return `# Completes thingsdb-lock in zsh.
_thingsdb_lock() {
  local -a subcommands flags
  subcommands=(
${commands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join('\n')}
  )
  flags=('--help:shows this' '--version:shows the version')
  if (( CURRENT == 2 )); then
    _describe command subcommands
    _describe -o option flags
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

/** A name is anybody's text, so its list of choices is empty. Without a list zsh shows options and inserts none. */
function commandCase({ name, options, choices }: CompletedCommand): string {
  const operands = choices.length === 0 ? quoted('*:name:()') : quoted(`1:choice:(${choices.join(' ')})`);
  return `    ${name}) _arguments -s -S ${[...options.flatMap(specs), operands].join(' ')} ;;`;
}

/** One for each name of the option. Once given it is not offered again, by whatever name. */
function specs({ names, description, takes, isRepeatable }: CompletedOption): string[] {
  const argument = takes === 'nothing' ? '' : takes === 'file' ? ':file:_files' : ':value:';
  const text = description.replaceAll(/[[\]:\\]/g, '\\$&');
  const times = isRepeatable ? '*' : `(${names.join(' ')})`;
  return names.map((name) => quoted(`${times}${name}${joint(name, takes)}[${text}]${argument}`));
}

/** `--ttl=5s` is the same as `--ttl 5s`, and `-w5s` as `-w 5s`. */
function joint(name: string, takes: CompletedOption['takes']): string {
  if (takes === 'nothing') return '';
  return name.startsWith('--') ? '=' : '+';
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
