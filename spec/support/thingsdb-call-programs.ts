/**
 * Each function of the language, called on what it is for and on what it is not, with odd arguments. What a call gives is
 * shown, and so is its error: code and text. A call that fails does not end its program.
 */
import fc from 'fast-check';
import { registry } from '../../lib/embedded/builtins/registry.js';

/** A value of each kind, stored ones as well. */
const PRELUDE = `
set_enum("E", {A: 1, B: 2, twice: |this| this.value() * 2});
set_enum("F", {X: "x", Y: "y"});
set_type("T", {n: "int", s: "str", l: "[int]", o: "T?", e: "E", sum: |this| this.n + this.l.sum()});
set_type("W", {n: "int", s: "str"}, true);
new_procedure("p", |a, b| [a, b]);
i = 7; f = 2.5; s = "Some text"; b = bytes("raw"); l = [5, 3, 9]; w = ["b", "a", "ab"]; k = {x: 1, y: 2}; w2 = [1, [2, 3]];
u = T{n: 4, s: "four", l: [1, 2]}; q = set({n: 1}); d = datetime(2024, 2, 29, 12, 30); v = timeval(1700000000);
.i = 3; .s = "stored"; .l = [4, 2, 8]; .w = ["x", "y"]; .k = {a: 1, b: "two"}; .u = T{n: 9}; .q = set(.u); .r = room();
.t = {a: {b: {c: 1}}}; .h = {}; .h.set(":x", 1); .n = nil; .c = |x| x;
out = [];
show = |x| { y = try(x.call()); out.push(is_err(y) ? [y.code(), y.msg()] : [type(y), y]); nil; };
`;

const RESULT = 'return [out, i, f, s, b, l, w, k, .i, .s, .l, .w, .k, .u, .t, .h, .n, .get("x")], 3;';

/** Values of all kinds, plain and odd, stored and not; those of a line are separated by semicolons. */
const VALUES: readonly string[] = `
nil; true; false; 0; 1; -1; 2; 3; 10; 255; 256; -129; 65536; 2147483648; 9223372036854775807; -9223372036854775807
0.0; -0.5; 1.0; 1.5; -2.5; 1e300; inf; -inf; nan
""; "a"; "b"; "x"; "n"; "abc"; "0"; "-1"; "1.5"; "12"; "0x1F"; "nan"; "Ünï"; " x "; "no-name"; "T"; "E"; "W"; "p"; "A"; "X"
"int"; "str?"; "[int]"; "{T}"; "%Y-%m-%d"; "UTC"; "Europe/Amsterdam"; "days"; "months"; "add"; "del"; "1,2"; "2024-02-29"
bytes(""); bytes("abc"); []; [0]; [1, 2, 3]; ["a", "b"]; [nil]; [[1, 2], [3]]; [{}]; [true, 1, "1", 1.0]
{}; {a: 1}; {n: 5}; {x: nil, y: "z"}; {deep: 1}; {limit: 2}; {year: 2000}; {hour: "1"}
set(); set({}); T{}; T{n: 2}; E{A}; E(2); F{Y}; F("x"); i; f; s; b; l; w; k; u; q; d; v; .i; .s; .l; .w; .k; .u; .q; .r; .t; .h; .n; .c
.u.l; .u.e; .t.a; || nil; || 1; |x| x; |x| nil; |x| true; |a, b| a; |a, b| a + b; |a, b| b - a; |x| x.n; |x| x > 1; |a, b, c| c
|x| raise("in it"); /a/; /(a)(b)?/i; /^[0-9]+$/; datetime(2000, 1, 31); datetime(0); datetime(-1); timeval(1); room()
err(); err(-100, "x"); err(5); .u.wrap("W"); k.wrap("W"); range(5); range(3, 0, -1); "aXbXc".split("X"); ["b", "a"].sort()
[3, 1, 2].map(|x| x * 2); .u.sum(); str(1.5); &{n: "int"}; [.u, .t]; [nil, 1, 2.5]
`
  .trim()
  .split(/;\s|\n/);

/** What each kind of value is written like, to call its own functions on. */
const OWN: Readonly<Record<string, readonly string[]>> = {
  closure: ['|x| x', '|a, b| a + b', '.c', '|| nil'],
  error: ['err()', 'err(-100, "x")', 'try(1 / 0)'],
  int: ['0', '7', '-1', 'i', '.i', '9223372036854775807'],
  list: [
    'l',
    'w',
    '.l',
    '.w',
    '.u.l',
    '[]',
    '[1, 2, 3]',
    '[nil, 1]',
    '[[1], [2, 3]]',
    '["b", "a"]',
    '[2, 1.5, true]',
    '[{n: 1}]',
    'w2[1]',
  ],
  str: ['s', '.s', '""', '"a b  c"', '"Ünï"', '"aAbB"', '" x "', '"1,2,3"'],
  regex: ['/a/', '/(a)(b)?/i', '/^[0-9]+$/'],
  mpdata: ['type_info("T")', 'enum_info("E")'],
  set: ['q', '.q', 'set()', 'set({})', 'set({n: 3})'],
  thing: ['k', 'u', '.k', '.u', '.t', '.h', '{}', '{a: 1, b: "x"}', 'T{}', '.t.a'],
  room: ['.r', 'room()'],
  wrap: ['.u.wrap("W")', 'k.wrap("W")'],
  wano: ['.u.wrap(&{n: "int"})', 'k.wrap(&{x: "any"})'],
  bytes: ['b', 'bytes("")', 'bytes("abc")'],
  datetime: ['d', 'v', 'datetime(0)', 'datetime(2000, 1, 31)', 'timeval(1.5)', 'd.to("Asia/Tokyo")'],
  member: ['E{A}', 'E(2)', 'F{X}', '.u.e'],
  future: ['future(nil)', 'future(|| 1)'],
};

/** They give something else each time, reach beyond the collection, are not there, or end the node. */
const LEFT_OUT =
  /^(?:rand\w*|choice|now|timeit|change_id|log|shutdown|restore|export|import|node_\w+|nodes_\w+|\w*counters|\w*module\w*|\w*backup\w*|\w*history|commit|\w+_node|time_zones_info|\w*user\w*|\w*collections?\w*|\w*token\w*|set_password|del_expired|grant|revoke|whitelist_\w+|set_log_level|set_default_deep|tasks?|owner|set_owner|again_\w+|cancel|refs|splice|(?:types?|enums?|procedures?)_info)$/;

/** What is now differs from call to call. */
const WITHOUT_TIME = /\b(?:datetime|timeval)\(\)/;

/**
 * A node takes the error of such a conversion for a return. It reads a moment as a text, and keeps an id that it gave.
 */
const TAKEN_ODDLY =
  /^(?:list|set)\((?:[^,]*|\[.*\]|\|.*)\)$|^set\(.*\.sort|[<>]=? \(.*(?:datetime|timeval|d|v)\b|\.add\(|_info\("|^type_all|\|= set/;

const functions = [...registry.values()].filter(({ name }) => !LEFT_OUT.test(name));
const roots = functions.filter(({ root }) => root).map(({ name }) => name);
const chained = functions.flatMap(({ name, chain = {} }) =>
  Object.keys(chain).map((kind) => [name, kind] as const),
);

const value = fc.constantFrom(...VALUES);
const args = fc
  .oneof(
    { weight: 6, arbitrary: fc.array(value, { maxLength: 3 }) },
    { weight: 1, arbitrary: fc.array(value, { maxLength: 6 }) },
  )
  .map((values) => values.join(', '));

const call = fc.oneof(
  fc.tuple(fc.constantFrom(...roots), args).map(([name, given]) => `${name}(${given})`),
  fc.tuple(fc.constantFrom(...chained), fc.nat(99), args).map(([[name, kind], at, given]) => {
    const own = OWN[kind] ?? VALUES;
    return `(${own[at % own.length]}).${name}(${given})`;
  }),
  fc
    .tuple(value, fc.constantFrom(...chained), args)
    .map(([on, [name], given]) => `(${on}).${name}(${given})`),
  fc
    .tuple(
      value,
      fc.constantFrom('+', '-', '*', '%', '/', '==', '!=', '<', '>=', '&', '|', '^', '&&', '||', '<<', '??'),
      value,
    )
    .filter(([, operator, right]) => operator !== '/' || right !== '-1')
    .map(([left, operator, right]) => `(${left}) ${operator} (${right})`),
  fc.tuple(value, value).map(([on, at]) => `(${on})[${at}]`),
  fc.tuple(value, value, value).map(([on, from, to]) => `(${on})[${from}:${to}]`),
  fc
    .tuple(
      fc.constantFrom(
        '.x',
        '.i',
        '.s',
        '.l',
        '.k',
        '.k.a',
        '.u.n',
        '.u.s',
        '.u.l',
        '.u.o',
        '.u.e',
        '.q',
        '.l[0]',
        '.k["x"]',
        'i',
        'l',
        's',
        'k.x',
      ),
      fc.constantFrom('=', '=', '+=', '-=', '*=', '|=', '&='),
      value,
    )
    .map((parts) => parts.join(' ')),
);

/** Some calls in a row: what one of them has changed, the next ones see. */
export const thingsdbCallPrograms: fc.Arbitrary<string> = fc
  .array(
    call.filter((code) => !WITHOUT_TIME.test(code) && !TAKEN_ODDLY.test(code)),
    { minLength: 1, maxLength: 8 },
  )
  .map((calls) => `${PRELUDE}${calls.map((code) => `show(|| ${code});`).join('\n')}\n${RESULT}`);
