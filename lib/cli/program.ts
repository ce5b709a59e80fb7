import { Command, Option, type ErrorOptions } from 'commander';
import type { Call, CliCommand } from './cli-command.js';
import { ask } from './commands/ask.js';
import { bench } from './commands/bench.js';
import { completion } from './commands/completion.js';
import { devServer } from './commands/dev-server.js';
import { doctor } from './commands/doctor.js';
import { inspect } from './commands/inspect.js';
import { ls } from './commands/ls.js';
import { release } from './commands/release.js';
import { run } from './commands/run.js';
import { setup } from './commands/setup.js';
import { ui } from './commands/ui.js';
import { watch } from './commands/watch.js';
import { connectionSettings, type ConnectionValues } from './connection-options.js';
import { ExitStatus, type StatusMeaning } from './exit-status.js';
import { failure } from './failure.js';
import { Output, type OutputOptions } from './output.js';
import { ThoroughCommand } from './thorough-command.js';
import { commandMeant } from './unknown-words.js';

/** In the order of the help. */
export const COMMANDS: readonly CliCommand[] = [
  run,
  ls,
  inspect,
  watch,
  ui,
  release,
  ask,
  setup,
  doctor,
  bench,
  devServer,
  completion,
];

/** One call of the program. */
export interface Invocation {
  readonly env: NodeJS.ProcessEnv;
  readonly behindDashes: readonly string[] | undefined;
  readonly version: string;
  /** Whether problems are told as records. */
  readonly isJson: boolean;
  /** Told the exit status of the command that was called. */
  readonly exit: (status: number) => void;
}

const HELP = 'help';
const UNKNOWN_COMMAND = 'commander.unknownCommand';

const OUTPUT_OPTIONS = [
  new Option('--json', 'one JSON object a line, results and problems alike'),
  new Option('-v, --verbose', 'tells on the standard error what happens'),
];

/** `thingsdb-lock` with all its commands: throws a `CommanderError` instead of ending the process. */
export function createProgram(invocation: Invocation): Command {
  const program = new Program('thingsdb-lock')
    .description('Distributed locks on ThingsDB, for shells and for people.')
    .version(invocation.version, '--version', 'shows the version')
    .helpOption('-h, --help', 'shows this')
    .helpCommand(false)
    .configureHelp({ subcommandTerm: (command) => command.name() })
    .configureOutput({ outputError: (text, write) => write(problem(text, invocation.isJson)) })
    .showHelpAfterError(!invocation.isJson)
    .exitOverride();
  for (const command of COMMANDS) program.addCommand(asCommander(command, program, invocation));
  program.addCommand(helpCommand(program));
  return program;
}

class Program extends Command {
  /** Of a command that there is not it says what may be meant. */
  override error(message: string, options?: ErrorOptions): never {
    const word = this.args[this.args[0] === HELP ? 1 : 0] ?? '';
    const meant = options?.code === UNKNOWN_COMMAND ? commandMeant(word) : undefined;
    return super.error(meant === undefined ? message : `error: unknown command '${word}': ${meant}`, options);
  }
}

/** In place of commander's own, which shows all commands for one that there is not, and says nothing. */
function helpCommand(program: Command): Command {
  return new Command(HELP)
    .copyInheritedSettings(program)
    .summary('shows what a command takes')
    .argument('[command]')
    .action((name?: string) => {
      const command = name === undefined ? program : program.commands.find((one) => one.name() === name);
      if (command === undefined) program.error(`error: unknown command '${name}'`, { code: UNKNOWN_COMMAND });
      (command.name() === HELP ? program : command).outputHelp();
    });
}

/** What commander says of arguments that cannot be used. */
function problem(text: string, isJson: boolean): string {
  const said = text.trimEnd();
  if (!isJson) return `${said.replace(/^error: /gm, 'thingsdb-lock: ')}\n`;
  const message = said.replace(/^error: /gm, '');
  return `${JSON.stringify({ type: 'error', code: 'USAGE', message, status: ExitStatus.usage })}\n`;
}

function asCommander(definition: CliCommand, program: Command, invocation: Invocation): Command {
  const { name, usage, instead, summary, description, statuses } = definition;
  const help = `thingsdb-lock ${name} --help`;
  const command = new ThoroughCommand(name, instead)
    .copyInheritedSettings(program)
    .summary(summary)
    .description(description)
    .addHelpText('after', statusHelp(statuses));
  if (usage !== undefined) command.usage(usage);
  for (const argument of definition.arguments) command.addArgument(argument);
  for (const option of [...definition.options, ...OUTPUT_OPTIONS]) command.addOption(option);
  if (!invocation.isJson) {
    command.showHelpAfterError(`Usage: thingsdb-lock ${name} ${command.usage()}\nTry ${help}`);
  }
  return command.action(async () => {
    command.checkValues();
    const output = new Output(command.opts<OutputOptions>(), invocation.env);
    invocation.exit(await acted(definition, callOf(command, output, invocation), help));
  });
}

async function acted(definition: CliCommand, call: Call<object>, help: string): Promise<number> {
  try {
    return await definition.act(call);
  } catch (error) {
    return failure(error, call.output, help);
  }
}

function callOf(command: Command, output: Output, { env, behindDashes }: Invocation): Call<object> {
  const options = command.opts<ConnectionValues>();
  return {
    operands: command.args,
    options,
    output,
    env,
    behindDashes,
    connection: () => connectionSettings(options, env, output),
  };
}

function statusHelp(statuses: readonly StatusMeaning[]): string {
  const width = Math.max(...statuses.map(({ status }) => status.length));
  const lines = statuses.map(({ status, meaning }) => `  ${status.padEnd(width)}  ${meaning}`);
  return `\nExit status:\n${lines.join('\n')}`;
}
