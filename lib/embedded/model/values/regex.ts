import { Matcher, MatchLimitError } from '../../regex/matcher.js';
import { type CompiledPattern, compilePattern } from '../../regex/pattern-compiler.js';
import { PatternError, PatternNotSupportedError } from '../../regex/pattern-error.js';
import { parsePattern } from '../../regex/pattern-parser.js';
import { cost, currentLimits, spendMemory, spendSteps } from '../budget.js';
import { notSupported, valueError } from '../errors.js';
import { defaultLimits } from '../limits.js';

/** Where a regular expression matches; positions count bytes. */
export interface Match {
  readonly start: number;
  readonly stop: number;
  /** `null` for a group that took no part. */
  readonly groups: readonly (string | null)[];
}

/** Steps of the matcher that count as one step of the query. */
const MATCH_STEPS_PER_STEP = 16;

/** What compiling takes, roughly. */
const BYTES_PER_LETTER = 512;
const COMPILE_STEPS = 50;

/** A regular expression, as PCRE2 knows them, on bytes. */
export class Regex {
  readonly kind = 'regex';
  readonly typeName = 'regex';
  readonly #pattern: CompiledPattern;

  /**
   * `text` is `/pattern/flags`.
   * @throws {ThingsError} -60 when it cannot be compiled, -63 for what is not done here
   */
  constructor(readonly text: string) {
    spendMemory(text.length * BYTES_PER_LETTER);
    spendSteps(COMPILE_STEPS);
    const end = text.lastIndexOf('/');
    const flags = text.slice(end + 1);
    const unknown = /^.*([^gims])/s.exec(flags)?.[1];
    if (unknown !== undefined) throw valueError(`unsupported regular expression flag: \`${unknown}\``);
    try {
      this.#pattern = compilePattern(
        parsePattern(text.slice(1, end), {
          ignoresCase: flags.includes('i'),
          isMultiline: flags.includes('m'),
          dotIsAll: flags.includes('s'),
          isExtended: false,
        }),
      );
    } catch (thrown) {
      if (thrown instanceof PatternNotSupportedError) throw notSupported(thrown.message);
      if (!(thrown instanceof PatternError)) throw thrown;
      throw valueError(`cannot compile regular expression '${text}', ${thrown.message}`);
    }
    spendMemory(this.#pattern.size * cost.instruction);
    spendSteps(this.#pattern.size);
  }

  /** Bytes that it takes, roughly. */
  get bytes(): number {
    return this.text.length + this.#pattern.size * cost.instruction;
  }

  /** The flag `g`: `match` gives all matches. */
  get isGlobal(): boolean {
    return this.text.includes('g', this.text.lastIndexOf('/'));
  }

  test(bytes: string): boolean {
    return this.find(bytes, 0) !== null;
  }

  /**
   * The first match from `from` on.
   * @throws {ThingsError} -63 when it takes more steps than PCRE2 would (a node then says that there is no match)
   */
  find(bytes: string, from: number): Match | null {
    const limit = (currentLimits() ?? defaultLimits).matchSteps;
    const matcher = new Matcher(this.#pattern, bytes, limit);
    try {
      const found = matcher.find(from);
      if (!found) return null;
      const groups: (string | null)[] = [];
      for (let at = 2; at < found.length; at += 2) {
        groups.push((found[at + 1] as number) < 0 ? null : bytes.slice(found[at], found[at + 1]));
      }
      // PCRE tells of groups up to the last one that took part.
      while (groups.at(-1) === null) groups.pop();
      return { start: found[0] as number, stop: found[1] as number, groups };
    } catch (thrown) {
      if (!(thrown instanceof MatchLimitError)) throw thrown;
      throw notSupported(`a match of ${this.text} that takes more than ${limit} steps`);
    } finally {
      spendSteps(Math.ceil(matcher.steps / MATCH_STEPS_PER_STEP));
    }
  }
}
