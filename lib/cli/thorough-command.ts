import { Command, InvalidArgumentError, type ErrorOptions, type Option } from 'commander';
import { optionMeant } from './unknown-words.js';

/** An option, as opposed to a negative number. */
const OPTION = /^--?[a-z]/i;

/** A command that tells all that is wrong with its arguments. Commander itself stops at the first. */
export class ThoroughCommand extends Command {
  readonly #problems: string[] = [];
  readonly #instead: string | undefined;

  /** @param instead what is meant by more operands than it takes */
  constructor(name: string, instead?: string) {
    super(name);
    this.#instead = instead;
  }

  /** A value that cannot be used is remembered until {@link checkValues}, or the next error of commander's own. */
  override addOption(option: Option): this {
    const { parseArg, flags } = option;
    if (parseArg === undefined) return super.addOption(option);
    const thorough = Object.assign(Object.create(Object.getPrototypeOf(option) as object) as Option, option);
    thorough.parseArg = (text, previous) => {
      try {
        return parseArg(text, previous);
      } catch (error) {
        if (!(error instanceof InvalidArgumentError)) throw error;
        this.#problems.push(`error: option '${flags}' is wrong: ${error.message}`);
        return previous;
      }
    };
    return super.addOption(thorough);
  }

  /** @throws CommanderError if the value of any option cannot be used */
  checkValues(): void {
    const [first, ...others] = this.#problems.splice(0);
    if (first !== undefined) super.error([first, ...others].join('\n'));
  }

  override error(message: string, options?: ErrorOptions): never {
    return super.error(
      [...this.#said(message, options?.code), ...this.#problems.splice(0)].join('\n'),
      options,
    );
  }

  #said(message: string, code: string | undefined): string[] {
    if (code === 'commander.excessArguments' && this.#instead !== undefined)
      return [`${message} ${this.#instead}`];
    const [first = '', ...others] = code === 'commander.unknownOption' ? this.#unknown() : [];
    const unknown = others.map((option) => unknownOption(option));
    return [optionMeant(first) === undefined ? message : unknownOption(first), ...unknown];
  }

  /** From the first unknown option on commander leaves all that it does not know among the arguments. */
  #unknown(): string[] {
    const dashes = this.args.indexOf('--');
    const own = dashes === -1 ? this.args : this.args.slice(0, dashes);
    return [...new Set(own.filter((argument) => OPTION.test(argument)))];
  }
}

function unknownOption(option: string): string {
  const meant = optionMeant(option);
  return `error: unknown option '${option}'${meant === undefined ? '' : `: ${meant}`}`;
}
