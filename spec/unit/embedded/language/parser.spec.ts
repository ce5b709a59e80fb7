import type { Statement } from '../../../../lib/embedded/language/ast.js';
import { parse } from '../../../../lib/embedded/language/parser.js';
import { Source } from '../../../../lib/embedded/language/source.js';
import { ParseError } from '../../../../lib/embedded/language/parse-error.js';

const only = (text: string): Statement => parse(new Source(text)).statements[0]!;

/** The shape of an expression: operators around what they bind. */
function shape(text: string): string {
  const write = (node: Statement): string => {
    switch (node.type) {
      case 'operation':
        return `(${write(node.left)} ${node.operator} ${write(node.right)})`;
      case 'ternary':
        return `(${write(node.condition)} ? ${write(node.then)} : ${write(node.otherwise)})`;
      default:
        return text.slice(node.start, node.end);
    }
  };
  return write(only(text));
}

function failure(text: string): ParseError {
  try {
    parse(new Source(text));
  } catch (thrown) {
    if (thrown instanceof ParseError) return thrown;
    throw thrown;
  }
  throw new Error(`no syntax error in ${text}`);
}

describe('parser', () => {
  it.each([
    ['1 + 2 * 3', '(1 + (2 * 3))'],
    ['1 - 2 - 3', '((1 - 2) - 3)'],
    ['1 + 2 << 3', '((1 + 2) << 3)'],
    ['5 & 3 == 1', '((5 & 3) == 1)'],
    ['a || b && c', '(a || (b && c))'],
    ['a ? b : c ? d : e', '(a ? b : (c ? d : e))'],
    ['a || b ? c : d', '((a || b) ? c : d)'],
  ])('binds %s as %s', (text, expected) => {
    expect(shape(text)).toBe(expected);
  });

  it('lets an assignment take all that follows', () => {
    expect(only('a = 1 + 2')).toMatchObject({ type: 'expression', head: { type: 'assignment', name: 'a' } });
  });

  it('reads braces as a thing when they can be one, else as a block', () => {
    expect(only('{a: 1}')).toMatchObject({ head: { type: 'thing' } });
    expect(only('{}')).toMatchObject({ head: { type: 'thing' } });
    expect(only('{ f(1); }')).toMatchObject({ type: 'block' });
  });

  it('takes keywords as names where they cannot be keywords', () => {
    expect(only('if = 3')).toMatchObject({ head: { type: 'assignment', name: 'if' } });
    expect(only('break = 3')).toMatchObject({ head: { type: 'assignment', name: 'break' } });
    expect(only('break')).toMatchObject({ type: 'break' });
  });

  it.each([
    ['1 +', 1, 2],
    ['[1, 2', 1, 6],
    ['a;\n  #', 2, 2],
  ])('says where %j goes wrong', (text, line, position) => {
    expect(failure(text).message).toMatch(
      new RegExp(`^error at line ${line}, position [${position - 1}-${position + 1}]`),
    );
  });

  it('refuses code that is nested too deeply instead of overflowing the stack', () => {
    expect(failure('('.repeat(5000)).message).toContain('maximum recursion depth');
    expect(failure('[if (1) '.repeat(5000)).message).toContain('maximum recursion depth');
  });

  it('reads what backtracks on every level in linear time', () => {
    const started = process.cpuUsage().user;
    failure('if ('.repeat(400));
    expect(process.cpuUsage(undefined).user - started).toBeLessThan(2_000_000);
  });
});
