import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';

// From the repository's root, where Jest and the scripts run: a path of this file is not the same under both.
const VECTORS = 'spec/vectors';

/** So that names mean something more often than not. */
const DEFINITIONS = 'a = 1; b = [1, "two", {three: 3}]; map = {x: 1}; Name = |x| x; len = "text"';

const NAMES = ['a', 'b', 'x', 'list', 'Name', 'len', 'map'];
const BINARY = '+ - * / // % == != < <= > >= && || & | ^ << >> ??'.split(' ');
const ASSIGN = '= += -= *= /= %= &= |= ^='.split(' ');
const ROOT_CALLS = (
  'is_err type str int float bool bytes list set thing room task range raise err try wse nse ' +
  'future new new_type set_type mod_type del_type set_enum enum now datetime timeval json_dump ' +
  'json_load regex refs return assert rand randint randstr new_procedure run closure deep tasks ' +
  'types_info procedures_info user_info grant new_user new_collection del_collection root ' +
  'base64_encode log change_id is_nan import export shutdown'
).split(' ');
const CHAIN_CALLS = (
  'len push pop shift unshift splice map filter each reduce find some every sort reverse first ' +
  'last has get set del keys values id name value upper lower trim split join replace contains ' +
  'to_type wrap unwrap copy dup assign clear call emit set_name then else again_in move format ' +
  'load code msg count flat sum unique test add remove restrict filter vmap to_thing at zone ' +
  'extend index_of equals ren'
).split(' ');

const literal = fc.oneof(
  fc.constantFrom(
    'nil',
    'true',
    'false',
    'inf',
    'nan',
    '0',
    '1',
    '-1',
    '9223372036854775807',
    '1.5',
    '/^a.*$/i',
    '{}',
    '[]',
    '""',
    "'it''s'",
    '`a {1 + 1} {x}`',
  ),
  fc.integer().map(String),
  fc.float({ min: -1000, max: 1000, noNaN: true }).map((value) => value.toFixed(3)),
  fc.string({ maxLength: 12 }).map((text) => JSON.stringify(text)),
);
/** Code that makes sense but for what is put into its holes. */
const SOUND = [
  '[3, 1, 2].map(|x| HOLE)',
  'list.filter(|item, index| HOLE)',
  'list.sort(|a, b| HOLE)',
  '[HOLE, HOLE].reduce(|sum, item| HOLE, HOLE)',
  '.list = [HOLE, HOLE]',
  '.list.push(HOLE)',
  '.thing = {a: HOLE, b: {c: HOLE}}',
  '.thing.set("key", HOLE)',
  '.thing.map(|key, value| HOLE)',
  '.thing.del("a")',
  'try(HOLE)',
  'try(HOLE, HOLE)',
  'x = HOLE',
  '`text {HOLE} and {HOLE}`',
  'str(HOLE).split("").map(|part| HOLE)',
  'set({a: 1}, {a: 2}).filter(|item| HOLE)',
  'if (bool(HOLE)) { HOLE; } else { HOLE; }',
  'for (item in [HOLE, HOLE]) { HOLE; }',
  'wse({ HOLE; HOLE; })',
  'json_load(json_dump(HOLE))',
  '.room = room(); .room.emit("event", HOLE)',
  'task(datetime().move("days", 1), |t, x| HOLE, [HOLE])',
  'future(|x| HOLE, HOLE).then(|y| HOLE)',
  'set_type("P", {a: "any", f: |this| HOLE}); P{a: HOLE}.f()',
  'set_type("Q", {a: "int?"}); mod_type("Q", "add", "b", "str", HOLE)',
  'set_enum("E", {A: HOLE, B: HOLE})',
  'new_procedure("p", |x| HOLE); run("p", HOLE)',
  '.closure = |x| { if (x > 0) .closure(x - 1); HOLE; }; .closure(5)',
  'range(100).each(|x| HOLE)',
  '[[1, HOLE], [HOLE]][0][1]',
];
/** What grows, nests or searches without end unless it is stopped. */
const GROWTH = [
  'list.extend(list)',
  'list = [list, list]',
  '.list = [.list, .list]',
  'list.push(list.copy())',
  'text += text',
  'text = `{text}{text}`',
  'text = text.replace("a", text)',
  'text = [text, text].join(text)',
  'text = json_dump([text, text])',
  'text.split("")',
  'text.replace(PATTERN, text)',
  'text.split(PATTERN)',
  'PATTERN.match(text)',
  'thing = {a: thing, b: thing}',
  '.thing = {a: .thing, b: [.thing]}',
  'thing.copy(100)',
  'thing.equals(thing.copy(50), 50)',
  'json_dump(thing, {deep: 100})',
  'list = list.sort(|a, b| randint(-1, 2))',
  '.set.add({}, {}, {})',
  'list = range(100000)',
  'list = list.map(|x| [x, list])',
  'list = list.flat(100)',
  'future(|| HOLE)',
  'task(datetime(), |t| t.again_in("seconds", -1))',
  'grow()',
];
const PATTERNS = [
  '/^(a+)+$/',
  '/(a|a)*b/',
  '/(.*)(.*)(.*)x/s',
  '/((a*)*)*c/i',
  '/(?=(a+))\\1+$/',
  '/(a{1,50}){1,50}b/',
  '/[[:alpha:]]*?(?<!b)$/m',
];
const grown = fc
  .tuple(
    fc.array(fc.constantFrom(...GROWTH), { minLength: 1, maxLength: 3 }),
    fc.constantFrom(...PATTERNS),
    fc.integer({ min: 5, max: 80 }),
    fc.constantFrom('1', 'list', 'text', 'thing', '.list', 'return .thing, 127'),
  )
  .map(([steps, pattern, rounds, result]) => {
    const body = steps.join('; ').replaceAll('PATTERN', pattern).replaceAll('HOLE', 'grow()');
    return (
      'list = [1]; text = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!"; thing = {}; .list = [1]; .thing = {}; .set = set(); ' +
      `grow = || { ${body}; }; for (i in range(${rounds})) { ${body}; }; ${result}`
    );
  });
/** Brackets inside brackets, of code and of data. */
const nested = fc
  .tuple(
    fc.constantFrom(
      ['[', ']'],
      ['(', ')'],
      ['{a: ', '}'],
      ['{', '}'],
      ['|x| ', ''],
      ['!', ''],
      ['json_load("', '")'],
    ),
    fc.integer({ min: 1, max: 2000 }),
  )
  .map(([[open = '', close = ''], depth]) => `${open.repeat(depth)}1${close.repeat(depth)}`);

const name = fc.constantFrom(...NAMES);

interface Tree {
  expression: string;
  statement: string;
}

const { expression, statement } = fc.letrec<Tree>((tie) => {
  const inner = tie('expression') as fc.Arbitrary<string>;
  const next = tie('statement') as fc.Arbitrary<string>;
  const some = fc.array(inner, { maxLength: 3 }).map((items) => items.join(', '));
  const block = fc.array(next, { minLength: 1, maxLength: 3 }).map((items) => `{ ${items.join('; ')} }`);
  return {
    expression: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      literal,
      name,
      name.map((key) => `.${key}`),
      fc.tuple(inner, fc.constantFrom(...BINARY), inner).map(([a, operator, b]) => `${a} ${operator} ${b}`),
      fc.tuple(fc.constantFrom('!', '-', '+', '~'), inner).map(([operator, a]) => `${operator}${a}`),
      inner.map((a) => `(${a})`),
      fc
        .tuple(fc.constantFrom(...SOUND), fc.array(inner, { minLength: 4, maxLength: 4 }))
        .map(([code, holes]) => code.replaceAll('HOLE', () => holes.shift() ?? 'nil')),
      some.map((items) => `[${items}]`),
      fc
        .array(fc.tuple(name, inner), { maxLength: 3 })
        .map((items) => `{${items.map(([key, a]) => `${key}: ${a}`).join(', ')}}`),
      fc.tuple(fc.constantFrom(...ROOT_CALLS), some).map(([call, items]) => `${call}(${items})`),
      fc
        .tuple(inner, fc.constantFrom(...CHAIN_CALLS), some)
        .map(([a, call, items]) => `(${a}).${call}(${items})`),
      fc.tuple(inner, inner).map(([a, b]) => `(${a})[${b}]`),
      fc.tuple(inner, inner, inner).map(([a, b, c]) => `(${a})[${b}:${c}]`),
      fc.tuple(inner, inner, inner).map(([a, b, c]) => `${a} ? ${b} : ${c}`),
      fc.tuple(fc.array(name, { maxLength: 2 }), inner).map(([names, a]) => `|${names.join(', ')}| ${a}`),
      fc.tuple(fc.array(name, { maxLength: 2 }), block).map(([names, a]) => `|${names.join(', ')}| ${a}`),
      fc
        .tuple(name, fc.constantFrom(...ASSIGN), inner)
        .map(([key, operator, a]) => `${key} ${operator} ${a}`),
      fc
        .tuple(name, fc.constantFrom(...ASSIGN), inner)
        .map(([key, operator, a]) => `.${key} ${operator} ${a}`),
    ),
    statement: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      inner,
      fc.tuple(inner, next, next).map(([a, b, c]) => `if (${a}) ${b} else ${c}`),
      fc.tuple(name, inner, block).map(([key, a, b]) => `for (${key} in ${a}) ${b}`),
      inner.map((a) => `return ${a}`),
      name.map((key) => `for (${key} in list) { if (${key}) break else continue }`),
      block,
    ),
  };
});

const recorded = readdirSync(VECTORS)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => JSON.parse(readFileSync(join(VECTORS, file), 'utf8')) as { steps: { q?: string }[] }[])
  .flatMap(({ steps }) => steps.flatMap(({ q }) => (q === undefined ? [] : [q])));

/** Two recorded programs, cut anywhere and put together: nearly right, which is where parsers are weak. */
const spliced = fc
  .tuple(
    fc.constantFrom(...recorded),
    fc.constantFrom(...recorded),
    fc.double({ min: 0, max: 1, noNaN: true }),
    fc.double({ min: 0, max: 1, noNaN: true }),
  )
  .map(
    ([one, other, from, to]) =>
      one.slice(0, Math.ceil(from * one.length)) + other.slice(Math.floor(to * other.length)),
  );

/** Programs of ThingsDB's language: most are well-formed, many make no sense, some are damaged. */
export const thingsdbPrograms: fc.Arbitrary<string> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .array(statement, { minLength: 1, maxLength: 3 })
      .map((items) => [DEFINITIONS, ...items].join(';\n')),
  },
  { weight: 2, arbitrary: expression },
  { weight: 1, arbitrary: grown },
  { weight: 1, arbitrary: nested },
  { weight: 3, arbitrary: spliced },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 40 }) },
);
