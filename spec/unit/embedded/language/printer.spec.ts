import type { ClosureNode } from '../../../../lib/embedded/language/ast.js';
import { parse } from '../../../../lib/embedded/language/parser.js';
import { printCompact, printPretty } from '../../../../lib/embedded/language/printer.js';
import { Source } from '../../../../lib/embedded/language/source.js';

function printed(text: string): { compact: string; pretty: string } {
  const source = new Source(text);
  const node = parse(source).statements[0] as ClosureNode;
  return { compact: printCompact(source, node), pretty: printPretty(source, node) };
}

// All of these were printed by a real node.
describe('printer', () => {
  it('leaves out white space and comments, but not around the words that need it', () => {
    const text =
      '|x| { if (x > 1) { return x + 1 } else if (x) { /* two */ 2 } else { for (y in [1]) { y }; }; }';
    expect(printed(text).compact).toBe('|x|{if(x>1){return x+1} else if(x){2} else {for(y in [1]){y};};}');
  });

  it('lays blocks out with tabs', () => {
    expect(printed('|x| { if (x > 1) { return x + 1 } else { 2 }; }').pretty).toBe(
      '|x| {\n\tif (x > 1) {\n\t\treturn x + 1;\n\t} else {\n\t\t2;\n\t};\n}',
    );
  });

  it('keeps what is short on one line', () => {
    expect(printed('|x|   x+1').pretty).toBe('|x| x + 1');
  });

  it('keeps the text of strings', () => {
    expect(printed("|| 'a  b'").compact).toBe("||'a  b'");
  });
});
