import type { Random } from '../chaos/random.js';
import { hostileValue } from './hostile-values.js';
import { isList } from './kinds.js';
import { SentMap, type Sent } from './wire.js';
import type { World } from './world.js';

/** Where a value stands: the index in each list on the way. */
type Path = readonly number[];

function pathsIn(value: Sent, path: Path = []): Path[] {
  if (!isList(value)) return [path];
  return [path, ...value.flatMap((item, i) => pathsIn(item, [...path, i]))];
}

function at(value: Sent, path: Path): Sent {
  return path.reduce<Sent>((part, i) => (isList(part) ? (part[i] ?? null) : null), value);
}

function replaced(value: Sent, [i, ...rest]: Path, part: Sent): Sent {
  if (i === undefined) return part;
  if (!isList(value)) throw new Error('the path leads out of the value');
  return value.map((item, k) => (k === i ? replaced(item, rest, part) : item));
}

/** The same list with something else about it than its items. */
function restructured(draw: Random, items: readonly Sent[]): Sent {
  const i = draw.between(0, Math.max(0, items.length - 1));
  const item = items[i] ?? null;
  switch (draw.pick(['less', 'more', 'twice', 'swapped', 'empty', 'many', 'alone'])) {
    case 'less':
      return items.filter((_, k) => k !== i);
    case 'more':
      return [...items, null];
    case 'twice':
      return [...items.slice(0, i), item, ...items.slice(i)];
    case 'swapped':
      return items.toReversed();
    case 'empty':
      return [];
    case 'many':
      return Array.from({ length: draw.pick([65, 129, 1_025]) }, () => item);
    default:
      return item;
  }
}

/** The arguments with one thing in them, anywhere, that is not as an honest client sends it. */
export function mutated(draw: Random, world: World, args: readonly Sent[]): readonly Sent[] {
  // Not the list of arguments itself: `wholeOf` sees to that.
  const path = draw.pick(pathsIn(args).slice(1));
  const original = at(args, path);
  const value =
    isList(original) && draw.chance(0.5) ? restructured(draw, original) : hostileValue(draw, world, original);
  return replaced(args, path, value) as readonly Sent[];
}

/** What is sent for the arguments as a whole: a list mostly, sometimes a map by the parameters' names. */
export function wholeOf(draw: Random, args: readonly Sent[], parameters: readonly string[]): Sent {
  if (args.length === 0 || !draw.chance(0.1)) return args;
  return new SentMap(parameters.slice(0, args.length).map((name, i) => [name, args[i] ?? null]));
}
