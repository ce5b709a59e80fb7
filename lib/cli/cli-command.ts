import type { Argument, Option } from 'commander';
import type { ConnectionSettings } from './connection-options.js';
import type { StatusMeaning } from './exit-status.js';
import type { Output } from './output.js';

/** One call of a command. */
export interface Call<Options> {
  /** What is given without the name of an option. */
  readonly operands: readonly string[];
  readonly options: Options;
  readonly output: Output;
  readonly env: NodeJS.ProcessEnv;
  /** What stands behind the first `--` of `run`; `undefined` where there is none. */
  readonly behindDashes: readonly string[] | undefined;
  /** @throws UsageError if they are not complete */
  readonly connection: () => ConnectionSettings;
}

/** A command of the program: what it takes, what it exits with, and what it does. */
export interface CliCommand<Options = object> {
  readonly name: string;
  readonly arguments: readonly Argument[];
  /** Behind the name, in the usage line, instead of what commander makes of the arguments. */
  readonly usage?: string;
  /** What is meant by more operands than it takes. */
  readonly instead?: string;
  /** One line. */
  readonly summary: string;
  readonly description: string;
  readonly options: readonly Option[];
  readonly statuses: readonly StatusMeaning[];
  /**
   * Resolves with the exit status. What it needs beyond its options it loads when it is called. So `--help` is quick,
   * and nobody who runs a command loads the embedded server.
   */
  act(call: Call<Options>): Promise<number>;
}
