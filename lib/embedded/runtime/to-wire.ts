import type { Wire } from '../engine.js';
import { printCompact, printRaw } from '../language/printer.js';
import { toText } from './convert.js';
import { ResultTooLargeError } from './errors.js';
import { fromByteString } from './text.js';
import { DateTime } from './values/date-time.js';
import type { Task } from './values/task.js';
import type { Thing } from './values/thing.js';
import type { Value } from './values/value.js';
import { wrapToWire } from './wrap.js';

/** How a result is given to a client. */
export interface WireOptions {
  /** How many levels of things are given in full; what lies deeper is given by id. */
  readonly deep: number;
  readonly withoutIds: boolean;
  /** Bytes, roughly; -6 beyond. */
  readonly sizeLimit: number;
}

/** Turns a value into what a client gets. */
export function toWire(value: Value, options: WireOptions): Wire {
  return new WireWriter(options).value(value, options.deep);
}

/** Writes values; {@link wrapToWire} comes back to it for what is inside. */
export class WireWriter {
  readonly withoutIds: boolean;
  readonly #limit: number;
  #size = 0;
  /** Things being written: one inside itself is given by id. */
  readonly #open = new Set<Thing>();

  constructor(options: WireOptions) {
    this.withoutIds = options.withoutIds;
    this.#limit = options.sizeLimit;
  }

  value(value: Value, deep: number, withoutIds = this.withoutIds): Wire {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object') return this.#count(value, 9);
    if (value === null) return this.#count(null, 1);
    switch (value.kind) {
      case 'thing':
        return this.#thing(value, deep, withoutIds);
      case 'list':
        this.#count(null, 1);
        return value.items.map((item) => this.value(item, deep, withoutIds));
      case 'set':
        this.#count(null, 1);
        return [...value.things].map((thing) => this.#thing(thing, deep, withoutIds));
      case 'bytes':
        return this.#count(Uint8Array.from(Buffer.from(value.data, 'latin1')), value.data.length);
      case 'mpdata':
        return value.content;
      case 'member':
        return this.value(value.value, deep, withoutIds);
      case 'future':
        return this.value(value.result, deep, withoutIds);
      case 'wrap':
        return this.#guarded(value.thing, deep, withoutIds, () =>
          wrapToWire(this, value.type, value.thing, deep, withoutIds),
        );
      case 'wano':
        return this.#guarded(value.thing, deep, withoutIds, () =>
          wrapToWire(this, value.ano.type, value.thing, deep, withoutIds),
        );
      case 'closure':
        return value.isStored
          ? this.text(printCompact(value.source, value.node))
          : this.text(printRaw(value.source, value.node));
      case 'datetime':
        return value.isTimeval ? this.#count(BigInt(value.seconds), 9) : this.text(toText(value));
      case 'ano':
        return Object.fromEntries([
          ...value.type.fields.map(({ name, definition }) => [name, this.text(definition)] as const),
          ...[...value.type.methods].map(([name, method]) => [name, this.value(method, 0)] as const),
        ]);
      case 'task':
        return this.text(taskText(value));
      default:
        return this.text(toText(value));
    }
  }

  text(value: string): string {
    return this.#count(fromByteString(value), value.length);
  }

  /** What is left of a thing that is not given in full. */
  reference(thing: Thing, withoutIds: boolean): Wire {
    this.#count(null, 12);
    if (!thing.id || withoutIds) return {};
    return { [thing.type?.idName ?? '#']: BigInt(thing.id) };
  }

  #thing(thing: Thing, deep: number, withoutIds: boolean): Wire {
    return this.#guarded(thing, deep, withoutIds, () => {
      const { keys, values } = thing.ordered();
      const result: Record<string, Wire> = {};
      this.#count(null, 1);
      if (thing.id && !withoutIds && !thing.type?.hidesId) {
        setOwn(result, thing.type?.idName ?? '#', this.#count(BigInt(thing.id), 12));
      }
      for (let at = 0; at < values.length; at += 1) {
        setOwn(result, this.text(keys[at]!), this.value(values[at]!, deep - 1, withoutIds));
      }
      return result;
    });
  }

  #guarded(thing: Thing, deep: number, withoutIds: boolean, write: () => Wire): Wire {
    if (deep <= 0 || this.#open.has(thing)) return this.reference(thing, withoutIds);
    this.#open.add(thing);
    try {
      return write();
    } finally {
      this.#open.delete(thing);
    }
  }

  #count<T extends Wire>(value: T, size: number): T {
    this.#size += size;
    if (this.#size > this.#limit) throw new ResultTooLargeError();
    return value;
  }
}

/** A task says who owns it, when it runs and how it ended. */
function taskText(task: Task): string {
  if (!task.id) return 'task:nil';
  const runAt = task.runAt === null ? 'nil' : toText(new DateTime(task.runAt, 0, null, false));
  const status = task.error ? (task.error.code ? 'err' : 'ok') : 'nil';
  return `<task:${task.id} owner:${task.owner?.name ?? ''} run_at:${runAt} status:${status}>`;
}

/** `__proto__` is a key like any other. */
export function setOwn(target: Record<string, Wire>, key: string, value: Wire): void {
  if (key === '__proto__') {
    Object.defineProperty(target, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    target[key] = value;
  }
}
