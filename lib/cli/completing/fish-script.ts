import type { CompletedCommand, CompletedOption } from './completed-commands.js';

/** For fish 3 and later. */
export function fishScript(commands: readonly CompletedCommand[]): string {
  const lines = commands.flatMap((command) => [
    `complete -c thingsdb-lock -n __fish_use_subcommand -f -a ${command.name} -d ${quoted(command.summary)}`,
    ...command.choices.map((choice) => `${inside(command)} -f -a ${choice}`),
    ...command.options.map(
      (option) => `${inside(command)} ${flags(option)} -d ${quoted(option.description)}`,
    ),
  ]);
  return ['# Completes thingsdb-lock in fish.', 'complete -c thingsdb-lock -f', ...lines].join('\n');
}

function inside({ name }: CompletedCommand): string {
  return `complete -c thingsdb-lock -n '__fish_seen_subcommand_from ${name}'`;
}

function flags({ names, takes }: CompletedOption): string {
  const named = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`));
  const argument = takes === 'nothing' ? [] : takes === 'file' ? ['-r', '-F'] : ['-x'];
  return [...named, ...argument].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll(/['\\]/g, '\\$&')}'`;
}
