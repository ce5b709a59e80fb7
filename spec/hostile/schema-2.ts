/** The procedures of the schema, with the bounds that docs/PROTOCOL.md gives them. */
import type { Random } from '../chaos/random.js';
import type { HonestCall, HostileProcedure, HostileSchema } from './hostile-schema.js';
import {
  bytes,
  either,
  flag,
  integer,
  isList,
  list,
  nil,
  text,
  textOf,
  that,
  tuple,
  word,
  type Kind,
} from './kinds.js';
import type { Sent } from './wire.js';
import { anyName, idOf, type Victim, type World } from './world.js';

const ID_LENGTH = 32;
const MAX_COUNT = 2n ** 31n - 1n;
const MAX_OPERATIONS = 1_024;
/** So many that the names of all of them are never too many. */
const MADE_OPERATIONS = 40;
const HOURS_MS = 5n * 3_600_000n;
const REFUSED = 4;

const isAscii = (value: string): boolean => Buffer.byteLength(value) === value.length;
const ascii = (kind: Kind): Kind => that(kind, (value) => isAscii(textOf(value) ?? ''));
const anything: Kind = { make: () => [], accepts: () => true };
const count = (low: bigint, make: Kind['make']): Kind => integer(low, MAX_COUNT, make);

const name = text(1, 255, anyName);
/** The empty one is all names. */
const watched = text(0, 255, (draw, world) => (draw.chance(0.2) ? '' : anyName(draw, world)));
const ownName = text(1, 255, (draw, world) => draw.pick(world.ownNames));
const id = ascii(
  text(ID_LENGTH, ID_LENGTH, (draw, world) => {
    if (world.ownIds.length > 0 && draw.chance(0.5)) return draw.pick(world.ownIds.slice(-20));
    const made = idOf(draw, ID_LENGTH);
    world.ownIds.push(made);
    return made;
  }),
);
const inbox = ascii(text(16, 64, (draw, world) => draw.pick(world.ownInboxes)));
const owner = text(0, 255, () => 'hostile');
const number = count(0n, (draw) => BigInt(draw.between(1, 1_000)));
const ttl = count(1n, (draw) => HOURS_MS + BigInt(draw.between(0, 1_000)));
const units = count(1n, (draw) => BigInt(draw.between(1, 3)));

/** Of a request that may keep its names between uses; all others are without it. */
const lingers: Kind = { make: () => true, accepts: (value) => value === true };
/** An id of another, which only helps where that one's name is known too. */
const anId = { ...id, make: (draw: Random, world: World) => draw.pick(world.victims).id };

/** `[kind, id, number, names, ttl, units, limit]`, with `true` behind it if it lingers; one name goes without a list. */
function request(kind: string, name: Kind): Kind {
  const names = either(name, list(name, 2, 64, { areDifferent: true }));
  const terms = [word(kind), id, number, names, ttl, units, units];
  return that(
    either(tuple(...terms), tuple(...terms, lingers)),
    (operation) => isList(operation) && (operation[5] as bigint) <= (operation[6] as bigint),
  );
}
const about = (kind: string, ...rest: readonly Kind[]): Kind => tuple(word(kind), name, id, ...rest);

/** A release of what is held by one of the hostile clients' own requests, for another of them or for a victim. */
const handOver: Kind = {
  ...about('release', id),
  make: (draw, { own, victims }) => {
    const { name, id } = draw.pick(own);
    const others = own.filter((other) => other.name === name && other.id !== id);
    return ['release', name, id, draw.pick(others.length > 0 && draw.chance(0.7) ? others : victims).id];
  },
};
const ofAnother = (kind: string): Kind => tuple(word(kind), ownName, anId);
/** An id of another, for a request of one's own. */
function usedId(draw: Random, { victims, usedIds }: World): string {
  const { id } = draw.pick(victims);
  usedIds.add(id);
  return id;
}

/** Requests for own names, and leases, under ids that others have. */
const underTakenId: readonly Kind[] = [
  tuple(
    ...[word('acquire'), { ...id, make: usedId }, number, ownName, ttl],
    ...[count(1n, () => 1n), count(1n, () => 1n)],
  ),
  {
    ...about('adopt', id, number),
    make: (draw, world) => {
      const { name, id } = draw.pick(world.own);
      return ['adopt', name, id, usedId(draw, world), 7n];
    },
  },
];

const operation = either(
  request('acquire', name),
  request('try', name),
  about('check', flag),
  about('acknowledge'),
  about('extend', ttl),
  about('extend', ttl, number),
  about('release'),
  about('release', either(id, anId)),
  handOver,
  ...['release', 'withdraw', 'acknowledge'].map(ofAnother),
  about('withdraw'),
  about('keep', ttl),
  about('transfer', ttl),
  about('transfer', ttl, number),
  about('adopt', id, number),
  ...underTakenId,
);
const theft = request('acquire', ownName);

/** Another's inbox; who knows it may not name its requests by that. */
const othersInbox = { ...inbox, make: (draw: Random, world: World) => draw.pick(world.victims).inbox };

/** The answers in `[at, room, [answer, ...]]`, and the codes in those that are refusals. */
function refusals(result: unknown): (number | undefined)[] {
  const answers = (result as [unknown, unknown, unknown[][]])[2];
  return answers.map(([told, code]) => (Number(told) === REFUSED ? Number(code) : undefined));
}

/** A call with operations of one kind, by some inbox. */
function batchOf(name: string, inbox: Kind, made: Kind, least = 1): HostileProcedure {
  return {
    name,
    parameters: ['padding', 'inbox', 'owner', 'operations'],
    args: [
      either(bytes, nil),
      inbox,
      owner,
      { ...list(anything, 0, MAX_OPERATIONS), make: list(made, least, MADE_OPERATIONS).make },
    ],
    operations: { of: (args: readonly Sent[]) => args[3] as readonly Sent[], kind: operation, refusals },
  };
}

const PROCEDURES: readonly HostileProcedure[] = [
  // The one that is called most is tried most.
  ...[...Array<string>(4).fill('lock_batch'), ...Array<string>(5).fill('lock_change')].map((name) =>
    batchOf(name, inbox, operation, 0),
  ),
  batchOf('lock_change', othersInbox, handOver),
  batchOf('lock_change', inbox, either(...underTakenId)),
  {
    name: 'lock_steal',
    isTaking: true,
    parameters: ['inbox', 'owner', 'operation'],
    args: [inbox, owner, { ...anything, make: theft.make }],
    operations: { of: (args) => [args[2] as Sent], kind: theft, refusals },
  },
  {
    name: 'lock_force_release',
    isTaking: true,
    parameters: ['name', 'id'],
    args: [ownName, either(nil, id)],
  },
  { name: 'lock_ask', parameters: ['name', 'by'], args: [name, owner] },
  {
    name: 'lock_query',
    parameters: ['name', 'after', 'count', 'told'],
    args: [
      either(nil, name),
      text(0, 255, anyName),
      integer(1n, 1_000n),
      either(
        nil,
        count(0n, () => 1n),
      ),
    ],
    obeys: ([name, , , told]) => name !== null || told === null,
  },
  { name: 'lock_watch', parameters: ['names'], args: [list(watched, 0, 64)] },
  { name: 'lock_locked', parameters: ['name'], args: [name] },
  {
    name: 'lock_fence',
    parameters: ['name', 'token'],
    args: [name, integer(-(2n ** 63n), 2n ** 63n - 1n, () => 5n)],
  },
  { name: 'lock_close', parameters: ['inbox'], args: [inbox] },
  { name: 'lock_schema', parameters: [], args: [] },
  {
    name: 'acquire',
    parameters: ['name', 'timeout'],
    args: [name, integer(1n, 315_360_000n, () => 36_000n)],
  },
  {
    name: 'test',
    parameters: ['room_id'],
    args: [integer(-(2n ** 63n), 2n ** 63n - 1n, (draw) => BigInt(draw.between(0, 200)))],
    // What python-thingsdb takes for "there is no such request any more".
    codes: [-54],
  },
  { name: 'locked', parameters: ['name'], args: [name] },
  // Rooms of Python requests can be guessed: only those that nobody has are asked for here.
  {
    name: 'release',
    parameters: ['name', 'room_id'],
    args: [name, integer(-(2n ** 63n), 2n ** 63n - 1n, () => 2n ** 40n)],
  },
];

type Thing = Record<string, unknown>;

interface Stored {
  readonly root: readonly string[];
  readonly state: Record<string, Record<string, Thing>>;
}

const TIMED = ['sweeper', 'sweep_at', 'sweeping'];
/** What is looked after from time to time, in inboxes and watches. */
const TIMED_FIELDS = ['due', 'used'];

function withoutTime(stored: unknown): unknown {
  const { root, state } = stored as Stored;
  const parts = Object.entries(state).filter(([key]) => !TIMED.includes(key));
  return {
    root,
    state: parts.map(([key, part]) => [
      key,
      key === 'inboxes' || key === 'watches' ? without(part, TIMED_FIELDS) : part,
    ]),
  };
}

function without(part: Record<string, Thing>, fields: readonly string[]): unknown {
  return Object.entries(part).map(([key, value]) => [
    key,
    typeof value === 'object' ? Object.entries(value).filter(([field]) => !fields.includes(field)) : value,
  ]);
}

function requestOf(stored: unknown, victim: Victim): unknown {
  const queue = (stored as Stored).state['locks']?.[`:${victim.name}`];
  const held = (queue?.['held'] ?? []) as Thing[];
  const waiting = (queue?.['waiting'] ?? []) as Thing[];
  // One that holds is told in its queue alone: an id may be used for another name, which waits.
  const told = waiting.map(
    (request) => (stored as Stored).state['waiting']?.[`:${String(request['id'])}`] ?? request,
  );
  const line = [...held, ...told];
  // Who is in front of it: whoever comes later may stand behind.
  const place = line.findIndex(({ id }) => id === victim.id);
  return place < 0 ? 'gone' : { ...line[place], inbox: undefined, asks_at: 0, place };
}

/** Their inboxes and what they watch; that others have the inboxes asked whether they live is no harm. */
function besides(stored: unknown, victims: readonly Victim[]): unknown {
  const { inboxes = {}, watches = {} } = (stored as Stored).state;
  return {
    inboxes: [...new Set(victims.map(({ inbox }) => inbox))].map((inbox) => {
      const { '#': thing, id, owner, room } = inboxes[`:${inbox}`] ?? {};
      return { thing, id, owner, room };
    }),
    watches: ['watched', 'alone', ''].map((name) => watches[`:${name}`]?.['room']),
  };
}

async function populate(call: HonestCall, draw: Random, prefix: string): Promise<Victim[]> {
  const victims: Victim[] = [];
  const inboxes = [1, 2, 3].map(() => idOf(draw, ID_LENGTH));
  const asks = async (units: bigint, limit: bigint, ...on: readonly string[]): Promise<Victim> => {
    const isLingering = on.includes('lingering');
    const [id, inbox] = [idOf(draw, ID_LENGTH), draw.pick(inboxes)];
    const names = on.map((each) => `${prefix}${each}`);
    const made = { name: names[0] ?? '', id, inbox };
    const terms = [
      names.length === 1 ? made.name : names,
      HOURS_MS,
      units,
      limit,
      ...(isLingering ? [true] : []),
    ];
    await call('lock_batch', [
      null,
      inbox,
      'honest',
      [['acquire', id, BigInt(victims.length + 1), ...terms]],
    ]);
    for (const name of names) victims.push({ ...made, name });
    return made;
  };
  for (const each of ['alone', 'alone', 'queue', 'queue', 'queue', 'lingering', 'lingering'])
    await asks(1n, 1n, each);
  for (let each = 0; each < 2; each++) await asks(2n, 5n, 'seats');
  for (let each = 0; each < 2; each++) await asks(1n, MAX_COUNT, 'book');
  await asks(1n, 1n, 'pair a', 'pair b');
  await asks(1n, 1n, 'pair b', 'queue');
  for (const how of ['keep', 'transfer']) {
    const { name, id, inbox } = await asks(1n, 1n, how);
    await call('lock_batch', [null, inbox, 'honest', [[how, name, id, HOURS_MS]]]);
  }
  await call('lock_watch', [[`${prefix}watched`, `${prefix}alone`, '']]);
  await call('acquire', [`${prefix}python`, 36_000n]);
  await call('acquire', [`${prefix}python`, 36_000n]);
  return victims;
}

export const schema2: HostileSchema = {
  procedures: PROCEDURES,
  state: 'thingsdb_lock',
  idLength: ID_LENGTH,
  idText:
    ".thingsdb_lock.locks.values().reduce(|all, q| all + q.held.reduce(|some, r| some + r.id + r.inbox.id, '') + q.waiting.reduce(|some, r| some + r.id, ''), '')",
  populate,
  roomOf: (result) => {
    const room: unknown = Array.isArray(result) ? (result as unknown[])[1] : undefined;
    return typeof room === 'bigint' || typeof room === 'number' ? room : undefined;
  },
  stored: "{root: .keys(), state: .thingsdb_lock.filter(|key| key != 'fn')}",
  lasting: '.thingsdb_lock.watches.values().each(|w| { w.due += 36000000000; nil; });',
  withoutTime,
  requestOf,
  besides,
};
