import { printCompact, printRaw } from '../../language/printer.js';
import { spendScan, spendSteps } from '../../model/budget.js';
import { ResultTooLargeError } from '../../model/errors.js';
import { fromByteString, toWireText } from '../../model/text.js';
import { DateTime } from '../../model/values/date-time.js';
import type { Task } from '../../model/values/task.js';
import type { ThingType } from '../../model/values/thing-type.js';
import type { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import type { Wire } from '../../msgpack/wire.js';
import { toText } from '../operations/convert.js';
import { sentDateTimeText } from '../operations/date-time-text.js';
import type { Query } from '../query.js';
import { setOwn } from './set-own.js';
import { wrapToWire } from './wrap.js';

/** How a result is given to a client. */
export interface WireOptions {
  /** How many levels of things are given in full; what lies deeper is given by id. */
  readonly deep: number;
  readonly withoutIds: boolean;
  /** Bytes, roughly; -6 beyond. */
  readonly sizeLimit: number;
  /** Computes what methods of types show in wraps; without it they show why they cannot. */
  readonly query?: Query;
}

/** Turns a value into what a client gets. */
export function toWire(value: Value, options: WireOptions): Wire {
  return new WireWriter(options).value(value, options.deep);
}

/** Writes values; {@link wrapToWire} comes back to it for what is inside. */
export class WireWriter {
  readonly withoutIds: boolean;
  readonly query: Query | undefined;
  readonly #limit: number;
  #size = 0;
  /** Things being written: one inside itself is given by id. */
  readonly #open = new Set<Thing>();

  constructor(options: WireOptions) {
    this.withoutIds = options.withoutIds;
    this.query = options.query;
    this.#limit = options.sizeLimit;
  }

  value(value: Value, deep: number, withoutIds = this.withoutIds): Wire {
    if (typeof value === 'string') return this.text(value);
    if (typeof value !== 'object') return this.#count(value, 9);
    if (value === null) return this.#count(null, 1);
    switch (value.kind) {
      case 'thing':
        return this.thing(value, deep, withoutIds);
      case 'list':
        this.#count(null, 1);
        spendSteps(value.items.length);
        return value.items.map((item) => this.value(item, deep, withoutIds));
      case 'set':
        this.#count(null, 1);
        return [...value.things].map((thing) => this.thing(thing, deep, withoutIds));
      case 'bytes':
        return this.#count(Uint8Array.from(Buffer.from(value.data, 'latin1')), value.data.length);
      case 'mpdata':
        return this.#count(value.content, value.size);
      case 'member':
        return this.value(value.value, deep, withoutIds);
      case 'future':
        return this.value(value.result, deep, withoutIds);
      case 'wrap':
        return this.#wrap(value.currentType, value.thing, deep, withoutIds);
      case 'wano':
        return this.#wrap(value.ano.type, value.thing, deep, withoutIds);
      case 'closure':
        return value.isStored
          ? this.text(printCompact(value.source, value.node))
          : this.text(printRaw(value.source, value.node));
      case 'datetime':
        return value.isTimeval ? this.#count(BigInt(value.seconds), 9) : this.text(sentDateTimeText(value));
      case 'ano':
        return this.#count(value.packed, value.packed.bytes.length);
      case 'task':
        return this.text(taskText(value));
      default:
        return this.text(toText(value));
    }
  }

  text(value: string): Wire {
    spendScan(value.length);
    return this.#count(toWireText(value), value.length);
  }

  /** The keys of things are valid UTF-8 always. */
  #key(key: string): string {
    return this.#count(fromByteString(key), key.length + 1);
  }

  id(thing: Thing): Wire {
    return this.#count(thing.id, 12);
  }

  /** A thing as its own type has it. What is left of it when not given in full may bear another name. */
  thing(thing: Thing, deep: number, withoutIds: boolean, idType = thing.type): Wire {
    return this.#guarded(thing, deep, withoutIds, idType, () => {
      const { keys, values } = thing.ordered();
      const result: Record<string, Wire> = {};
      this.#count(null, 1);
      spendSteps(keys.length);
      if (thing.id && !withoutIds && !thing.type?.hidesId) {
        setOwn(result, thing.type?.idName ?? '#', this.id(thing));
      }
      for (let at = 0; at < values.length; at += 1) {
        setOwn(result, this.#key(keys[at] as string), this.value(values[at] as Value, deep - 1, withoutIds));
      }
      return result;
    });
  }

  /** A thing as another type has it. */
  wrapped(type: ThingType, thing: Thing, deep: number, withoutIds: boolean): Wire {
    return this.#guarded(thing, deep, withoutIds, type, () =>
      wrapToWire(this, type, thing, deep, withoutIds),
    );
  }

  #wrap(type: ThingType | null, thing: Thing, deep: number, withoutIds: boolean): Wire {
    if (deep <= 0) return this.#reference(thing, withoutIds, thing.type);
    return type ? this.wrapped(type, thing, deep, withoutIds) : this.thing(thing, deep, withoutIds, null);
  }

  #guarded(
    thing: Thing,
    deep: number,
    withoutIds: boolean,
    idType: ThingType | null,
    write: () => Wire,
  ): Wire {
    if (deep <= 0 || this.#open.has(thing)) return this.#reference(thing, withoutIds, idType);
    this.#open.add(thing);
    try {
      return write();
    } finally {
      this.#open.delete(thing);
    }
  }

  /** What is left of a thing that is not given in full. That is its id, under the type's name for it. */
  #reference(thing: Thing, withoutIds: boolean, idType: ThingType | null): Wire {
    this.#count(null, 12);
    if (!thing.id || withoutIds) return {};
    return { [idType?.idName ?? '#']: thing.id };
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
