import { Argument } from 'commander';
import type { CliCommand } from '../cli-command.js';
import { ExitStatus, okStatus, usageStatus } from '../exit-status.js';

const SHELLS = ['bash', 'zsh', 'fish'] as const;

/** `thingsdb-lock completion SHELL`: what makes a shell complete the commands and their options. */
export const completion: CliCommand = {
  name: 'completion',
  arguments: [new Argument('<shell>', 'bash, zsh or fish').choices(SHELLS)],
  summary: 'prints what makes a shell complete this command',
  description:
    'Prints a script that makes a shell complete the commands and their options.\n' +
    '  bash: eval "$(thingsdb-lock completion bash)" in ~/.bashrc\n' +
    '  zsh:  eval "$(thingsdb-lock completion zsh)" in ~/.zshrc, behind compinit\n' +
    '  fish: thingsdb-lock completion fish > ~/.config/fish/completions/thingsdb-lock.fish',
  options: [],
  statuses: [okStatus('it is printed'), usageStatus],

  async act({ operands, output, env }) {
    const shell = operands[0] as (typeof SHELLS)[number];
    const { createProgram } = await import('../program.js');
    const { completedCommands } = await import('../completing/completed-commands.js');
    const { SCRIPTS } = await import('../completing/scripts.js');
    const program = createProgram({
      env,
      behindDashes: undefined,
      version: '',
      isJson: false,
      exit: () => undefined,
    });
    const script = SCRIPTS[shell](completedCommands(program));
    output.result({ type: 'completion', shell, script }, script);
    return ExitStatus.ok;
  },
};
