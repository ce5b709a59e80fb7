import type { CompletedCommand, CompletedOption } from './completed-commands.js';

const FUNCTIONS = `# Completes thingsdb-lock in fish.
function __thingsdb_lock_is -a command
    set -l words (commandline -opc)
    test "$words[2]" = "$command"
end
function __thingsdb_lock_behind_dashes
    contains -- -- (commandline -opc)
end
# What fish offers for the command behind the dashes.
function __thingsdb_lock_offered_behind
    set -l words (commandline -opc)
    set -l behind (math (contains -i -- -- $words) + 1)
    set -l word (commandline -ct)
    complete -C (string join ' ' -- (string escape -- $words[$behind..]) "$word")
end
complete -c thingsdb-lock -f
complete -c thingsdb-lock -n '__thingsdb_lock_is ""' -l help -d 'shows this'
complete -c thingsdb-lock -n '__thingsdb_lock_is ""' -l version -d 'shows the version'
complete -c thingsdb-lock -n '__thingsdb_lock_is run; and __thingsdb_lock_behind_dashes' -a '(__thingsdb_lock_offered_behind)'`;

/** For fish 3 and later. Behind `--` the words of `run` are those of another command. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c thingsdb-lock -n '__thingsdb_lock_is ""' -a ${command.name} -d ${quoted(command.summary)}`,
    ...command.choices.map((choice) => `${inside(command)} -a ${choice}`),
    ...command.options.map(
      (option) => `${inside(command)} ${flags(option)} -d ${quoted(option.description)}`,
    ),
  ]);
  return [FUNCTIONS, ...lines].join('\n');
}

function inside({ name }: CompletedCommand): string {
  return `complete -c thingsdb-lock -n '__thingsdb_lock_is ${name}'`;
}

function flags({ names, takes }: CompletedOption): string {
  const named = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const argument = takes === 'nothing' ? [] : takes === 'file' ? ['-r', '-F'] : ['-x'];
  return [...named, ...argument].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
