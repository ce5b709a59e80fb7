import fc from 'fast-check';

const types = fc.constantFrom('T', 'U', 'V', 'W');
const names = fc.constantFrom('a', 'b', 'c', 'm');

const definitions: fc.Arbitrary<string> = fc.letrec<{ definition: string }>((tie) => ({
  definition: fc.oneof(
    { maxDepth: 2 },
    fc
      .constantFrom('int', 'str?', 'any', '[]', '{}', 'task?', 'room', 'datetime', 'thing<T?>', 'int<0:9>')
      .map(quote),
    fc
      .constantFrom('T?', '[U]', '{V}', '&W?', '-T?', '[&U]', '{T}', 'V', '/^a/', 'float<1.5:2.5:2>')
      .map(quote),
    fc.constantFrom('|t| t.a', '|t, x| x', '|t| t.wrap("T")', '|t| raise("x")', '|t| .x = t'),
    fc.tuple(names, tie('definition')).map(([name, inner]) => `{${name}: ${inner}}`),
    tie('definition').map((inner) => `[${inner}]`),
  ),
})).definition;

const fields = fc
  .array(fc.tuple(names, definitions), { maxLength: 3 })
  .map((pairs) => `{${pairs.map(([name, definition]) => `${name}: ${definition}`).join(', ')}}`);

const places = fc.constantFrom('.x', '.y', '.z');
const things = fc.oneof(
  places,
  types.map((type) => `${type}{}`),
  fc.tuple(types, names, places).map(([type, name, place]) => `${type}{${name}: ${place}}`),
  fc.tuple(names, places).map(([name, place]) => `{${name}: ${place}}`),
  places.map((place) => `[${place}]`),
  places.map((place) => `set(${place})`),
);

const statements = fc.oneof(
  fc.tuple(types, fields).map(([type, given]) => `set_type("${type}", ${given})`),
  fc.tuple(types, fields).map(([type, given]) => `set_type("${type}", ${given}, true, true)`),
  fc
    .tuple(types, names, definitions)
    .map(([type, name, inner]) => `mod_type("${type}", "add", "${name}", ${inner})`),
  fc
    .tuple(types, names, definitions)
    .map(([type, name, inner]) => `mod_type("${type}", "mod", "${name}", ${inner})`),
  fc
    .tuple(types, names, definitions)
    .map(([type, name, inner]) => `mod_type("${type}", "mod", "${name}", ${inner}, |x| x.${name})`),
  fc
    .tuple(types, names, names)
    .map(([type, name, other]) => `mod_type("${type}", "rel", "${name}", "${other}")`),
  fc
    .tuple(types, names, names)
    .map(([type, name, other]) => `mod_type("${type}", "ren", "${name}", "${other}")`),
  fc.tuple(types, names).map(([type, name]) => `mod_type("${type}", "del", "${name}")`),
  fc.tuple(types, names).map(([type, name]) => `mod_type("${type}", "rel", "${name}", nil)`),
  fc.tuple(types, fc.boolean()).map(([type, on]) => `mod_type("${type}", "wpo", ${on})`),
  types.map((type) => `mod_type("${type}", "all", |x| .y = x)`),
  types.map((type) => `del_type("${type}")`),
  fc.tuple(places, things).map(([place, thing]) => `${place} = ${thing}`),
  fc.tuple(places, names, things).map(([place, name, thing]) => `${place}.${name} = ${thing}`),
  fc.tuple(places, names, things).map(([place, name, thing]) => `${place}.${name}.add(${thing})`),
  fc.tuple(places, names, things).map(([place, name, thing]) => `${place}.${name}.push(${thing})`),
  fc.tuple(places, names).map(([place, name]) => `${place}.${name}.remove(|| true)`),
  fc.tuple(places, types).map(([place, type]) => `${place}.to_type("${type}")`),
  fc.tuple(places, fields).map(([place, given]) => `${place}.wrap(&${given})`),
  fc.constantFrom(
    '.del("x")',
    'type_all("T")',
    'search(.x, {deep: 5})',
    'json_dump(.x.wrap("T"), {deep: 4})',
    'export()',
    'return .x, 5',
    'types_info()',
  ),
);

/**
 * Programs about types: definitions of all forms, relations, conversions, and more. None renames a type: a node
 * leaves the old name in nested definitions then, and cannot read its own dump any more.
 */
export const thingsdbTypePrograms = fc
  .array(
    statements.map((statement) => `try(${statement});`),
    { minLength: 1, maxLength: 12 },
  )
  .map((lines) => lines.join(' '));

function quote(text: string): string {
  return JSON.stringify(text);
}
