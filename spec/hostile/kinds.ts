import type { Random } from '../chaos/random.js';
import { Extension, ExtensionValue, TextBytes, type Sent } from './wire.js';
import type { World } from './world.js';

/** What one argument may be: makes such values, and knows them from others. */
export interface Kind {
  readonly make: (draw: Random, world: World) => Sent;
  /** Whether the contract of the procedure takes this value. */
  readonly accepts: (value: Sent) => boolean;
}

/** The bytes of what ThingsDB takes for text; `undefined` for anything else, and for what is not UTF-8. */
export function textOf(value: Sent): string | undefined {
  if (typeof value === 'string') return value;
  // What ThingsDB itself sends as a name is text to it.
  const isName = value instanceof ExtensionValue && value.type === Extension.name;
  if (!isName && !(value instanceof TextBytes)) return undefined;
  const text = value.bytes.toString('utf8');
  return Buffer.from(text).equals(value.bytes) ? text : undefined;
}

export function text(minBytes: number, maxBytes: number, make: Kind['make']): Kind {
  return {
    make,
    accepts: (value) => {
      const bytes = Buffer.byteLength(textOf(value) ?? '');
      return textOf(value) !== undefined && bytes >= minBytes && bytes <= maxBytes;
    },
  };
}

export function integer(low: bigint, high: bigint, make?: Kind['make']): Kind {
  return {
    make: make ?? ((draw) => BigInt(draw.between(Number(low), Number(high)))),
    accepts: (value) => typeof value === 'bigint' && value >= low && value <= high,
  };
}

export const flag: Kind = {
  make: (draw) => draw.chance(0.5),
  accepts: (value) => typeof value === 'boolean',
};

export const nil: Kind = { make: () => null, accepts: (value) => value === null };

export const bytes: Kind = {
  make: (draw) => Buffer.alloc(draw.between(0, 300)),
  accepts: (value) => value instanceof Uint8Array,
};

/** Exactly this text. */
export function word(expected: string): Kind {
  return { make: () => expected, accepts: (value) => textOf(value) === expected };
}

export function either(...kinds: readonly Kind[]): Kind {
  return {
    make: (draw, world) => draw.pick(kinds).make(draw, world),
    accepts: (value) => kinds.some((kind) => kind.accepts(value)),
  };
}

/** A list of so many things of one kind, none of which is there twice if they are to be different. */
export function list(
  kind: Kind,
  min: number,
  max: number,
  { areDifferent = false, usual = 3 }: { areDifferent?: boolean; usual?: number } = {},
): Kind {
  return {
    make: (draw, world) => {
      const length = draw.between(min, Math.max(min, Math.min(max, usual)));
      const items = Array.from({ length }, () => kind.make(draw, world));
      return areDifferent ? items.filter((item, i) => items.indexOf(item) === i) : items;
    },
    accepts: (value) => {
      if (!isList(value) || value.length < min || value.length > max) return false;
      if (!value.every((item) => kind.accepts(item))) return false;
      return !areDifferent || new Set(value.map(textOf)).size === value.length;
    },
  };
}

/** A list with one thing of each kind, in this order. */
export function tuple(...kinds: readonly Kind[]): Kind {
  return {
    make: (draw, world) => kinds.map((kind) => kind.make(draw, world)),
    accepts: (value) =>
      isList(value) &&
      value.length === kinds.length &&
      kinds.every((kind, i) => kind.accepts(value[i] as Sent)),
  };
}

/** What a kind takes, if it also obeys a rule. */
export function that(kind: Kind, obeys: (value: Sent) => boolean): Kind {
  return {
    make: (draw, world) => {
      for (;;) {
        const value = kind.make(draw, world);
        if (obeys(value)) return value;
      }
    },
    accepts: (value) => kind.accepts(value) && obeys(value),
  };
}

export function isList(value: Sent | undefined): value is readonly Sent[] {
  return Array.isArray(value);
}
