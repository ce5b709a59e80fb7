import fc from 'fast-check';

const enums = fc.constantFrom('E', 'F', 'T');
const members = fc.constantFrom('A', 'B', 'C', 'm');
const places = fc.constantFrom('.x', '.y', '.z', 'x', '.x.a');
const numbers = fc.constantFrom(
  '0',
  '1',
  '-1',
  '3',
  '60',
  '2147483648',
  '-62135596801',
  '1e300',
  'nan',
  'inf',
  '9223372036854775807',
);
const values = fc.oneof(
  fc.constantFrom(
    '1',
    '2',
    '1.5',
    '"a"',
    '"b"',
    'bytes("a")',
    '{}',
    '{a: 1}',
    'nil',
    'true',
    '[1]',
    'room()',
    '||1',
    '/a/',
  ),
  fc.tuple(enums, members).map(([name, member]) => `${name}{${member}}`),
  numbers,
  places,
);

const enumStatements = fc.oneof(
  fc
    .tuple(enums, members, values, values)
    .map(([name, member, one, other]) => `set_enum("${name}", {${member}: ${one}, B: ${other}})`),
  fc
    .tuple(enums, fc.constantFrom('add', 'def', 'del', 'mod', 'ren', 'add'), members, values)
    .map(([name, action, member, value]) => `mod_enum("${name}", "${action}", "${member}", ${value})`),
  fc
    .tuple(enums, members, members)
    .map(([name, one, other]) => `mod_enum("${name}", "ren", "${one}", "${other}")`),
  fc.tuple(enums, members).map(([name, member]) => `mod_enum("${name}", "add", "${member}", |e| e.value())`),
  fc.tuple(enums, members).map(([name, member]) => `${name}(${name}{${member}}.value())`),
  fc.tuple(enums, members).map(([name, member]) => `${name}{||"${member}"}.m()`),
  fc.tuple(enums, enums).map(([one, other]) => `rename_enum("${one}", "${other}")`),
  fc
    .tuple(enums, members)
    .map(
      ([name, member]) =>
        `set_type("T", {e: "${name}", f: "${name}{${member}}", g: "[${name}?]", h: "*${name}"})`,
    ),
  enums.map((name) => `enum_map("${name}")`),
  enums.map((name) => `enum_info("${name}")`),
  enums.map((name) => `del_enum("${name}")`),
);

const zones = fc.constantFrom(
  '"UTC"',
  '"Europe/Amsterdam"',
  '"America/St_Johns"',
  '"Nowhere"',
  '"+02"',
  '5',
  'nil',
);
const formats = fc.constantFrom(
  '"%Y-%m-%d %H:%M:%S"',
  '"%j %U %w %y %p %I"',
  '"%Y%m%dT%H%M%S%z"',
  '"%"',
  '""',
  '"%%"',
  '"%Q"',
);
const units = fc.constantFrom('years', 'months', 'weeks', 'days', 'hours', 'minutes', 'seconds', 'eons', '');
const dates = fc.oneof(
  fc.constantFrom(
    'datetime()',
    'timeval()',
    'datetime(2024, 2, 29)',
    'datetime("2024-02-29T12:00:00Z")',
    '.x',
    'x',
  ),
  numbers.map((number) => `datetime(${number})`),
  fc.tuple(numbers, numbers, numbers).map((all) => `datetime(${all.join(', ')})`),
  fc
    .tuple(fc.constantFrom('"2013-02-06 13:00"', '"x"', '""', '"-0001-01-01"'), formats)
    .map((all) => `datetime(${all.join(', ')})`),
  zones.map((zone) => `datetime(2024, 3, 31, 2, 30, 0, ${zone})`),
);
const dateStatements = fc.oneof(
  fc.tuple(dates, units, numbers).map(([date, unit, number]) => `x = ${date}.move("${unit}", ${number})`),
  fc.tuple(dates, formats).map(([date, format]) => `${date}.format(${format})`),
  fc.tuple(dates, zones).map(([date, zone]) => `.x = ${date}.to(${zone})`),
  fc
    .tuple(dates, units, numbers)
    .map(([date, unit, number]) => `${date}.replace({${unit.slice(0, -1) || 'year'}: ${number}})`),
  fc.tuple(dates, dates).map(([one, other]) => `[${one} < ${other}, ${one} == ${other}, ${one} - ${other}]`),
  fc
    .tuple(dates, fc.constantFrom('extract', 'week', 'weekday', 'yday', 'zone'))
    .map(([date, name]) => `${date}.${name}()`),
);

const restrictions = fc.constantFrom(
  '"int"',
  '"str?"',
  '"T"',
  '"E"',
  '"any"',
  '"[]"',
  '"thing<int>"',
  '"task"',
  '""',
  'nil',
  '5',
);
const thingStatements = fc.oneof(
  fc.tuple(places, restrictions).map(([place, to]) => `${place}.restrict(${to})`),
  places.map((place) => `${place}.restriction()`),
  fc.tuple(places, members, values).map(([place, key, value]) => `${place}.set("${key}", ${value})`),
  fc.tuple(places, values).map(([place, value]) => `${place} = ${value}`),
  fc.tuple(places, values).map(([place, value]) => `${place}.assign({a: ${value}})`),
  places.map((place) => `${place}.filter(|k, v| v)`),
  fc
    .tuple(places, fc.nat(4))
    .map(([place, deep]) => `[.y = ${place}.copy(${deep}), .z = ${place}.dup(${deep})]`),
  places.map((place) => `.x = ${place}.wrap(&{a: "any", b: |t| t.a}).copy()`),
  fc.tuple(places, places).map(([one, other]) => `${one}.vmap(|v| ${other}).to_thing()`),
  fc.constantFrom('.x = {}', '.x = {a: {}}', '.clear()', 'wse(.x.clear())', 'export({dump: true}).len()'),
);

const rooms = fc.constantFrom('.r', 'room("go")', 'room(1)', 'room()', 'room(.r.id())');
const roomAndTaskStatements = fc.oneof(
  fc.constantFrom('.r = room()', '.del("r")', '.r = nil'),
  fc
    .tuple(rooms, fc.constantFrom('"go"', '"a b"', 'nil', '5'))
    .map(([room, name]) => `${room}.set_name(${name})`),
  fc.tuple(rooms, fc.nat(3), values).map(([room, deep, value]) => `${room}.emit(${deep}, "event", ${value})`),
  fc
    .tuple(dates, values)
    .map(([date, value]) => `.t = task(${date}, |t, a| t.again_in("seconds", 1), [${value}])`),
  fc.constantFrom(
    '.t = task(datetime(), |t| {.n = .n + 1; raise("no"); })',
    'task(datetime(), |t| .r.emit("tick"))',
    '.t.again_at(datetime())',
    '.t.cancel()',
    '.t.del()',
    '.t.set_args([.x, 1])',
    '.t.set_closure(|t| t.del())',
    '.t.set_owner("admin")',
    '[.t.at(), .t.err(), .t.args(), .t.closure(), .t.owner(), .t.id()]',
    'tasks().map(|t| t.cancel())',
  ),
  fc
    .tuple(fc.constantFrom('p', 'q'), values)
    .map(([name, value]) => `new_procedure("${name}", |a| {.x = a; ${value}; })`),
  fc.tuple(fc.constantFrom('p', 'q'), values).map(([name, value]) => `run("${name}", ${value})`),
  fc.constantFrom(
    'rename_procedure("p", "q")',
    'mod_procedure("p", |a| a)',
    'del_procedure("q")',
    'procedures_info()',
  ),
);

const lines = (statements: fc.Arbitrary<string>): fc.Arbitrary<string> =>
  fc
    .array(
      statements.map((statement) => `try(${statement});`),
      { minLength: 1, maxLength: 12 },
    )
    .map((all) => all.join(' '));

/** Programs about enumerations, dates, restrictions, rooms, tasks and procedures, for a collection. */
export const thingsdbFeaturePrograms = lines(
  fc.oneof(enumStatements, dateStatements, thingStatements, roomAndTaskStatements),
);

const users = fc.constantFrom('"u"', '"v"', '"admin"', '""', '"a b"', '5');
const collections = fc.constantFrom('"c"', '"d"', '"stuff"', '"a b"', '2');
const scopes = fc.constantFrom('"@t"', '"@n"', '"//stuff"', '"//c"', '"x"');
const masks = fc.constantFrom('QUERY', 'RUN|JOIN', 'FULL', 'USER', '0', '64', '-1');

/** Programs about users, tokens, rights, whitelists and collections, for the `@thingsdb` scope. */
export const thingsdbAccountPrograms = lines(
  fc.oneof(
    users.map((user) => `new_user(${user})`),
    fc.tuple(users, users).map(([one, other]) => `rename_user(${one}, ${other})`),
    fc
      .tuple(users, fc.constantFrom('"secret"', 'nil', '""', '5'))
      .map(([user, word]) => `set_password(${user}, ${word})`),
    fc.tuple(users, dates).map(([user, date]) => `new_token(${user}, ${date}, "why")`),
    users.map((user) => `del_token(new_token(${user}))`),
    fc
      .tuple(fc.constantFrom('grant', 'revoke'), scopes, users, masks)
      .map(([name, ...rest]) => `${name}(${rest.join(', ')})`),
    fc
      .tuple(
        fc.constantFrom('whitelist_add', 'whitelist_del'),
        users,
        fc.constantFrom('"rooms"', '"procedures"', '"x"'),
        fc.constantFrom('', ', "name"', ', /^a/', ', /(/', ', "a b"', ', 5'),
      )
      .map(([name, user, kind, entry]) => `${name}(${user}, ${kind}${entry})`),
    users.map((user) => `user_info(${user})`),
    fc.constantFrom(
      'users_info()',
      'del_expired()',
      'collections_info()',
      'has_token("x")',
      'del_user("u")',
      'del_user("v")',
    ),
    fc
      .tuple(
        fc.constantFrom('new_collection', 'del_collection', 'collection_info', 'has_collection'),
        collections,
      )
      .map(([name, of]) => `${name}(${of})`),
    fc.tuple(collections, collections).map(([one, other]) => `rename_collection(${one}, ${other})`),
    fc.tuple(scopes, zones).map(([scope, zone]) => `set_time_zone(${scope}, ${zone})`),
    fc.tuple(scopes, numbers).map(([scope, deep]) => `set_default_deep(${scope}, ${deep})`),
    dates.map((date) => `task(${date}, |t| new_user("v"))`),
    values.map((value) => `new_procedure("p", |a| ${value})`),
  ),
);
