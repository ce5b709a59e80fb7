import { fromByteString } from '../text.js';
import { valueError } from '../errors.js';

/** A regular expression, run by JavaScript's engine: PCRE's own extras are not known here. */
export class Regex {
  readonly kind = 'regex';
  readonly typeName = 'regex';
  readonly expression: RegExp;

  /** `text` is `/pattern/flags`. */
  constructor(readonly text: string) {
    const end = text.lastIndexOf('/');
    const flags = text.slice(end + 1);
    const unknown = /[^imsx]/.exec(flags)?.[0];
    if (unknown)
      throw valueError(`cannot compile regular expression \`${text}\`, unknown flag: \`${unknown}\``);
    try {
      this.expression = new RegExp(
        toJavaScript(fromByteString(text.slice(1, end))),
        flags.replace('x', '') + 'd',
      );
    } catch (cause) {
      throw valueError(`cannot compile regular expression '${text}', ${reasonOf(cause as Error)}`);
    }
  }
}

/** What is wrong, in the real server's words where they are known. */
function reasonOf({ message }: Error): string {
  const reasons: readonly (readonly [pattern: RegExp, reason: string])[] = [
    [/Unterminated group/, 'missing closing parenthesis'],
    [/Unmatched '\)'/, 'unmatched closing parenthesis'],
    [/Unterminated character class/, 'missing terminating ] for character class'],
    [/Nothing to repeat/, 'quantifier does not follow a repeatable item'],
    [/\\ at end of pattern/, '\\ at end of pattern'],
  ];
  return reasons.find(([pattern]) => pattern.test(message))?.[1] ?? message;
}

/** PCRE spells a few things in its own way. */
function toJavaScript(pattern: string): string {
  return pattern
    .replaceAll('(?P<', '(?<')
    .replaceAll('\\A', '^')
    .replaceAll('\\z', '$')
    .replaceAll('\\Z', '$');
}
