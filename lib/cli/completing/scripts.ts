import { bashScript } from './bash-script.js';
import type { CompletedCommand } from './completed-commands.js';
import { fishScript } from './fish-script.js';
import { zshScript } from './zsh-script.js';

/** What makes a shell complete these commands. */
export const SCRIPTS = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
} as const satisfies Record<string, (commands: readonly CompletedCommand[]) => string>;
