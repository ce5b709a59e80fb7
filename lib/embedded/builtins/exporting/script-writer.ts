import { printPretty } from '../../language/printer.js';
import { madeText, spendSteps } from '../../model/budget.js';
import { internalErrorOf } from '../../model/errors.js';
import type { Collection } from '../../model/store/collection.js';
import type { Database } from '../../model/store/database.js';
import { isValidName } from '../../model/text.js';
import type { Closure } from '../../model/values/closure.js';
import type { EnumType } from '../../model/values/enum-type.js';
import type { Field } from '../../model/values/field.js';
import { relationsFrom } from '../../model/values/relation.js';
import type { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import { PackReader } from '../../msgpack/pack-reader.js';
import { byName } from '../../runtime/operations/by-name.js';

/** Things inside each other are written this deep. */
const MAX_INDENT = 3;

/** The types, enumerations and procedures of a collection as a script that makes them: `export()`. */
export function exportScript(database: Database, collection: Collection): string {
  return madeText(new ScriptWriter(database).script(collection));
}

class ScriptWriter {
  readonly #database: Database;
  #indent = 0;

  constructor(database: Database) {
    this.#database = database;
  }

  script(collection: Collection): string {
    const types = byName(collection.types.values());
    const enums = byName(collection.enums.values());
    const { type } = collection.root;
    return [
      `try(commit('Source: collection \`${collection.name}\`'));\n\n`,
      ...types.map(newType),
      '\n',
      ...enums.map((one) => this.#enum(one)),
      '\n',
      ...types.map((one) => this.#type(one)),
      '\n',
      ...types.flatMap(relations),
      '\n',
      ...enums.map((one) => this.#memberThings(one)),
      '\n',
      ...byName(collection.procedures.values()).map(
        ({ name, closure }) => `new_procedure('${name}', ${this.#closure(closure)});\n`,
      ),
      '\n',
      type ? `\n.to_type('${type.name}');\n` : '',
      "\n'DONE';\n",
    ].join('');
  }

  #line(text: string): string {
    return `${'\t'.repeat(this.#indent)}${text}`;
  }

  /** Lines between brackets, one level deeper. */
  #inside<T>(open: string, items: Iterable<T>, write: (item: T) => string, close: string): string {
    this.#indent += 1;
    const lines = [...items].map((item) => this.#line(`${write(item)},\n`));
    this.#indent -= 1;
    return `${open}\n${lines.join('')}${this.#line(close)}`;
  }

  #closure({ source, node }: Closure): string {
    return printPretty(source, node, this.#indent);
  }

  #enum(enumType: EnumType): string {
    const lines = [
      ...enumType.members.map(
        ({ name, value }) =>
          (): string =>
            `${name}: ${memberText(value)}`,
      ),
      ...[...enumType.methods].map(
        ([name, method]) =>
          (): string =>
            `${name}: ${this.#closure(method)}`,
      ),
    ];
    return `${this.#inside(`set_enum('${enumType.name}', {`, lines, (write) => write(), '});')}\n`;
  }

  #memberThings(enumType: EnumType): string {
    let text = '';
    for (const { name, value } of enumType.members) {
      if (typeof value !== 'object' || value?.kind !== 'thing') return text;
      text += `mod_enum('${enumType.name}', 'mod', '${name}', ${this.#thing(value)});\n`;
    }
    return `${text}\n`;
  }

  #type(type: ThingType): string {
    if (!type.fields.length && !type.methods.size && type.idName === null) return '';
    const lines = [
      ...(type.idName === null ? [] : [(): string => `${type.idName}: '#'`]),
      ...type.fields.map((field) => (): string => `${field.name}: ${this.#definition(field)}`),
      ...[...type.methods].map(
        ([name, method]) =>
          (): string =>
            `${name}: ${this.#closure(method)}`,
      ),
    ];
    return `${this.#inside(`set_type('${type.name}', {`, lines, (write) => write(), '});')}\n`;
  }

  #definition({ packed, definition }: Field): string {
    return packed ? this.#packed(new PackReader(packed.bytes)) : quoted(definition);
  }

  /** A definition by a thing or a list. */
  #packed(reader: PackReader): string {
    switch (reader.next()) {
      case 'utf8': {
        const { text } = reader;
        if (!text.startsWith('|')) return quoted(text);
        return this.#closure(this.#database.programs.closure(text, 'collection'));
      }
      case 'array':
        return `[${Array.from({ length: reader.size }, () => this.#packed(reader)).join(',')}]`;
      case 'map': {
        const entries = Array.from({ length: reader.size });
        return this.#inside(
          '{',
          entries,
          () => {
            reader.next();
            return `${reader.text}: ${this.#packed(reader)}`;
          },
          '}',
        );
      }
      default:
        throw internalErrorOf('internal error');
    }
  }

  #value(value: Value): string {
    spendSteps(1);
    if (value === null) return 'nil';
    if (typeof value === 'string') return quoted(value);
    if (typeof value === 'number') return floatLiteral(value);
    if (typeof value !== 'object') return String(value);
    switch (value.kind) {
      case 'datetime':
        return `datetime(${value.seconds})`;
      case 'regex':
        return value.text;
      case 'thing':
        return this.#thing(value);
      case 'list':
        return value.items.length ? this.#inside('[', value.items, (item) => this.#value(item), ']') : '[]';
      case 'set':
        return value.things.size
          ? this.#inside('set(', value.things, (thing) => this.#thing(thing), ')')
          : 'set()';
      case 'member':
        return `${value.enumType.name}{${value.name}}`;
      case 'closure':
        return this.#closure(value);
      default:
        return notExported[value.kind];
    }
  }

  #thing(thing: Thing): string {
    spendSteps(1);
    const name = thing.type?.name ?? '';
    if (!thing.size) return `${name}{}`;
    if (this.#indent > MAX_INDENT) return `${name}{} /* WARN: max deep reached */`;
    const { keys, values } = thing.ordered();
    this.#indent += 1;
    const lines = keys.map((key, at) =>
      isValidName(key)
        ? this.#line(`${key}: ${this.#value(values[at] ?? null)},\n`)
        : this.#line(`/* WARN: key \`${key}\` not exported */`),
    );
    this.#indent -= 1;
    return `${name}{\n${lines.join('')}${this.#line('}')}`;
  }
}

/** What stands in place of values that a script cannot make. */
const notExported = {
  bytes: 'bytes() /* WARN: not exported */',
  mpdata: 'bytes() /* WARN: not exported */',
  wrap: '{}.wrap() /* WARN: not exported */',
  room: 'room() /* WARN: not exported */',
  task: 'task() /* WARN: not exported */',
  error: 'error() /* WARN: not exported */',
  ano: '&{} /* WARN: not exported */',
  wano: '&{}.wrap() /* WARN: not exported */',
  future: 'future(||nil) /* WARN: not exported */',
} as const;

function newType({ name, isWrapOnly, hidesId, isIndexed }: ThingType): string {
  const flags = [isWrapOnly && 'WPO', hidesId && 'HID', isIndexed && 'IDX'].filter((flag) => flag !== false);
  return `new_type('${name}'${flags.length ? `, ${flags.join('|')}` : ''});\n`;
}

const relations = (type: ThingType): string[] =>
  relationsFrom(type).map(
    ([field, other]) => `mod_type('${type.name}', 'rel', '${field.name}', '${other.name}');\n`,
  );

/** Things are made last: they may need what comes in between. */
function memberText(value: Value): string {
  if (typeof value === 'number') return floatLiteral(value);
  if (typeof value === 'string') return quoted(value);
  if (typeof value === 'object' && value?.kind === 'bytes') {
    return `base64_decode('${Buffer.from(value.data, 'latin1').toString('base64')}')`;
  }
  return typeof value === 'bigint' ? String(value) : '{}';
}

const floatLiteral = (value: number): string =>
  Number.isFinite(value) ? value.toFixed(6) : String(value).replace('Infinity', 'inf').toLowerCase();

/** A literal, in the quotes that need no doubling where there are such. */
function quoted(text: string): string {
  if (!text.includes("'")) return `'${text}'`;
  return text.includes('"') ? `'${text.replaceAll("'", "''")}'` : `"${text}"`;
}
