import type { Command, Option } from 'commander';
import { RepeatableOption } from '../repeatable-option.js';

export interface CompletedOption {
  /** `--ttl`, or `-n` and `--no-wait`. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takes: 'nothing' | 'file' | 'text';
  readonly isRepeatable: boolean;
}

/** What a shell can complete of one command. */
export interface CompletedCommand {
  readonly name: string;
  readonly summary: string;
  readonly options: readonly CompletedOption[];
  /** What may stand there in place of an operand. */
  readonly choices: readonly string[];
}

/** The commands as the program itself knows them. */
export function completedCommands(program: Command): CompletedCommand[] {
  const help = program.createHelp();
  return help.visibleCommands(program).map((command) => ({
    name: command.name(),
    summary: help.subcommandDescription(command),
    options: help.visibleOptions(command).map(completedOption),
    choices: choicesOf(command, help.visibleCommands(program)),
  }));
}

function completedOption(option: Option): CompletedOption {
  const names = [option.short, option.long].filter((name) => name !== undefined && name !== null);
  const takes = !option.required ? 'nothing' : option.flags.endsWith('<file>') ? 'file' : 'text';
  return { names, description: option.description, takes, isRepeatable: option instanceof RepeatableOption };
}

function choicesOf(command: Command, all: readonly Command[]): readonly string[] {
  if (command.name() === 'help') return all.map((other) => other.name());
  return command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
}
