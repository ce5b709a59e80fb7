import type { Random } from '../chaos/random.js';

/** A request of an honest process, made before the hostile calls. */
export interface Victim {
  readonly name: string;
  readonly id: string;
  readonly inbox: string;
}

/** What a hostile client may draw upon. */
export interface World {
  readonly victims: readonly Victim[];
  /** The hostile clients' own, which hold and wait as those of the victims do. */
  readonly own: readonly Victim[];
  /** Names that only hostile clients use. */
  readonly ownNames: readonly string[];
  /** Inboxes of hostile clients. */
  readonly ownInboxes: readonly string[];
  /** Ids that hostile clients have sent, the newest last. */
  readonly ownIds: string[];
  /** Ids of victims that hostile clients have given to requests of their own: what is told of those may hold them. */
  readonly usedIds: Set<string>;
  /** The state's property of the root. */
  readonly state: string;
  /** An expression for a text with the ids of all requests in it. */
  readonly idText: string;
}

const ID_LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';

/** An id as clients make them, of so many letters; the seed decides it. */
export function idOf(draw: Random, length: number): string {
  return Array.from({ length }, () => draw.pick([...ID_LETTERS])).join('');
}

/** Names that text is often taken for something else by. */
export const STRANGE_NAMES = ['ä', "it's", '__proto__', 'constructor', 'x'.repeat(255)];

/** A name that a victim holds or waits for, or one of the hostile clients' own. */
export function anyName(draw: Random, world: World): string {
  return draw.chance(0.5) && world.victims.length > 0
    ? draw.pick(world.victims).name
    : draw.pick(world.ownNames);
}

/** What nobody but its owner may learn; the halves too, since a half may be told where the whole is not. */
export function secretsOf({ id, inbox }: Victim): string[] {
  return [id, inbox].flatMap((text) => [text.slice(0, text.length / 2), text.slice(text.length / 2)]);
}
