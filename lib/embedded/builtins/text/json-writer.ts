import { internalErrorOf, operationError, typeError } from '../../model/errors.js';
import type { PackReader } from '../../msgpack/pack-reader.js';
import { generalText } from '../../runtime/operations/convert.js';

/** As deep as the library that a node uses can go. */
const MAX_DEPTH = 128;

const namedEscapes: Readonly<Record<string, string>> = {
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '"': '\\"',
  '\\': '\\\\',
};

/** Writes MessagePack as JSON; text stays the bytes it is, valid UTF-8 or not. */
export class JsonWriter {
  readonly #reader: PackReader;
  readonly #indent: string | null;

  /** @param indent what a level is indented by; `null` for JSON in one line */
  constructor(reader: PackReader, indent: string | null) {
    this.#reader = reader;
    this.#indent = indent;
  }

  /** @throws {ThingsError} -61 for what JSON does not know, -63 when it is nested too deeply, -1 for wrong bytes */
  value(depth = 0): string {
    const reader = this.#reader;
    const token = reader.next();
    switch (token) {
      case 'int64':
      case 'uint64':
        return String(reader.integer);
      case 'float64':
        return jsonNumber(reader.float);
      case 'utf8':
        return jsonString(reader.text);
      case 'boolean':
        return String(reader.isTrue);
      case 'nil':
        return 'null';
      case 'array':
        return this.#inside(depth, '[', reader.size, () => this.value(depth + 1), ']');
      case 'map':
        return this.#inside(depth, '{', reader.size, () => this.#entry(depth + 1), '}');
      case 'binary':
        throw typeError('type `bytes` is not JSON serializable');
      case 'end of msgpack data':
        return '';
      default:
        throw internalErrorOf('JSON general error');
    }
  }

  #entry(depth: number): string {
    const key = this.value(depth);
    if (!key.startsWith('"')) throw typeError('JSON keys must be strings');
    return `${key}${this.#indent === null ? ':' : ': '}${this.value(depth)}`;
  }

  #inside(depth: number, open: string, size: number, item: () => string, close: string): string {
    if (depth + 1 >= MAX_DEPTH) throw operationError('JSON max depth exceeded');
    const indent = this.#indent;
    const inner = indent === null ? '' : `\n${indent.repeat(depth + 1)}`;
    const outer = indent === null ? '' : `\n${indent.repeat(depth)}`;
    const items: string[] = [];
    for (let left = size; left > 0; left -= 1) {
      const text = item();
      // What the data claims and does not have ends it.
      if (text === '') break;
      items.push(inner + text);
    }
    return open + (items.length ? items.join(',') : outer && '\n') + outer + close;
  }
}

function jsonString(bytes: string): string {
  // eslint-disable-next-line no-control-regex
  const escaped = bytes.replace(/[\x00-\x1f"\\]/g, (letter) => {
    const code = letter.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0');
    return namedEscapes[letter] ?? `\\u${code}`;
  });
  return `"${escaped}"`;
}

function jsonNumber(value: number): string {
  if (!Number.isFinite(value)) throw typeError('JSON invalid number');
  // As C's `%.20g` writes it, with a fraction.
  if (Number.isInteger(value) && Math.abs(value) < 1e20) return value.toFixed(1);
  return generalText(value, 20);
}
