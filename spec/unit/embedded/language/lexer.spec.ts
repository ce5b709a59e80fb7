import { Lexer } from '../../../../lib/embedded/language/lexer.js';
import { Source } from '../../../../lib/embedded/language/source.js';
import { token } from '../../../../lib/embedded/language/token.js';

const lexerOf = (text: string): Lexer => new Lexer(new Source(text));

describe('lexer', () => {
  it('skips white space and both kinds of comments', () => {
    const lexer = lexerOf('  /* a */ // b\n\t name');
    expect(lexer.match(token.name)).toBe('name');
    expect(lexer.atEnd).toBe(true);
  });

  it.each([
    ['1.5', 'float', '1.5'],
    ['.5', 'float', '.5'],
    ['-1.5e-3', 'float', '-1.5e-3'],
    ['inf', 'float', 'inf'],
    ['1', 'float', null],
    ['0x1F', 'int', '0x1F'],
    ['-42', 'int', '-42'],
    ['1_000', 'int', null],
    ["'it''s'", 'string', "'it''s'"],
    ['"a""b"', 'string', '"a""b"'],
    ["'open", 'string', null],
    ['/a\\/b/i', 'regex', '/a\\/b/i'],
    ['a'.repeat(255), 'name', 'a'.repeat(255)],
    ['a'.repeat(256), 'name', null],
  ] as const)('reads %j as %s only when it is one', (text, kind, expected) => {
    expect(lexerOf(text).match(token[kind])).toBe(expected);
  });

  it('takes a keyword only as a whole word', () => {
    expect(lexerOf('ifs').takeKeyword('if')).toBe(false);
    expect(lexerOf('if(').takeKeyword('if')).toBe(true);
  });

  it('remembers the furthest place where something was expected', () => {
    const lexer = lexerOf('name +');
    lexer.match(token.name);
    lexer.match(token.int);
    lexer.position = 0;
    expect(lexer.furthest).toBe(5);
  });
});
