/** The procedures that 0.1.0 installs, with the bounds that docs/PROTOCOL.md gives them. */
import type { Random } from '../chaos/random.js';
import type { HonestCall, HostileProcedure, HostileSchema } from './hostile-schema.js';
import { either, flag, integer, isList, list, nil, text, tuple, type Kind } from './kinds.js';
import type { Sent } from './wire.js';
import { anyName, idOf, type Victim } from './world.js';

const ID_LENGTH = 22;
const MAX_TTL = 2n ** 31n - 1n;
const HOURS_MS = 5n * 3_600_000n;

const name = text(1, 255, anyName);
const ownName = text(1, 255, (draw, world) => draw.pick(world.ownNames));
const names = list(name, 1, 64, { areDifferent: true });
const id: Kind = text(16, 64, (draw, world) => {
  if (world.ownIds.length > 0 && draw.chance(0.5)) return draw.pick(world.ownIds.slice(-20));
  const made = idOf(draw, ID_LENGTH);
  world.ownIds.push(made);
  return made;
});
const inbox = text(16, 64, (draw, world) => draw.pick(world.ownInboxes));
const owner = text(0, 255, () => 'hostile');
const number = integer(-(2n ** 63n), 2n ** 63n - 1n, (draw) => BigInt(draw.between(1, 1_000)));
const ttl = integer(1n, MAX_TTL, (draw) => HOURS_MS + BigInt(draw.between(0, 1_000)));
const units = integer(1n, MAX_TTL, (draw) => BigInt(draw.between(1, 3)));
const spans = list(tuple(id, ttl), 0, 128);
const ids = list(id, 0, 128);

const request = {
  parameters: ['names', 'id', 'number', 'inbox', 'ttl', 'owner', 'want', 'limit'],
  args: [names, id, number, inbox, ttl, owner, units, units],
  obeys: (args: readonly Sent[]) => (args[6] as bigint) <= (args[7] as bigint),
};

const PROCEDURES: readonly HostileProcedure[] = [
  { name: 'lock_try', ...request },
  {
    ...request,
    name: 'lock_acquire',
    isTaking: true,
    parameters: [...request.parameters, 'steal'],
    args: [list(ownName, 1, 64, { areDifferent: true }), ...request.args.slice(1), flag],
  },
  { name: 'lock_check', parameters: ['ids', 'sure'], args: [ids, flag] },
  { name: 'lock_extend', parameters: ['leases'], args: [spans] },
  { name: 'lock_release', parameters: ['ids'], args: [ids] },
  { name: 'lock_withdraw', parameters: ['ids'], args: [ids] },
  { name: 'lock_keep', parameters: ['leases'], args: [spans] },
  { name: 'lock_hand_on', parameters: ['leases'], args: [spans] },
  {
    name: 'lock_adopt',
    parameters: ['id', 'new_id', 'number', 'inbox', 'owner'],
    args: [id, id, number, inbox, owner],
  },
  { name: 'lock_locked', parameters: ['name'], args: [name] },
  {
    name: 'lock_query',
    parameters: ['name', 'after', 'count'],
    args: [either(nil, name), text(0, 255, anyName), integer(1n, 1_000n)],
  },
  { name: 'lock_force_release', isTaking: true, parameters: ['name'], args: [ownName] },
  { name: 'lock_ask', parameters: ['name', 'by'], args: [name, owner] },
  { name: 'lock_watch', parameters: ['names'], args: [list(name, 0, 64)] },
  { name: 'lock_fence', parameters: ['name', 'token'], args: [name, integer(0n, 2n ** 53n - 1n)] },
  { name: 'lock_close', parameters: ['inbox'], args: [inbox] },
  {
    name: 'acquire',
    parameters: ['name', 'timeout'],
    args: [name, integer(1n, 315_360_000n, () => 36_000n)],
  },
  { name: 'test', parameters: ['room_id'], args: [integer(0n, 2n ** 63n - 1n)] },
  { name: 'locked', parameters: ['name'], args: [name] },
  // Rooms of Python requests can be guessed: only those that nobody has are asked for here.
  { name: 'release', parameters: ['name', 'room_id'], args: [name, integer(2n ** 40n, 2n ** 41n)] },
];

interface Stored {
  readonly root: readonly string[];
  readonly state: Record<string, Record<string, Record<string, unknown>>>;
}

const TIMED = ['due', 'sweeper', 'sweep_at'];

function withoutTime(stored: unknown): unknown {
  const { root, state } = stored as Stored;
  const parts = Object.entries(state).filter(([key]) => !TIMED.includes(key));
  return {
    root,
    state: parts.map(([key, part]) => [
      key,
      key === 'inboxes' || key === 'watches' ? withoutDue(part) : part,
    ]),
  };
}

function withoutDue(part: Record<string, Record<string, unknown>>): unknown {
  return Object.entries(part).map(([key, value]) => [
    key,
    isThing(value) ? { ...value, due: 0, sec: 0 } : value,
  ]);
}

function isThing(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function requestOf(stored: unknown, victim: Victim): unknown {
  const { state } = stored as Stored;
  const ticket = state['tickets']?.[`:${victim.id}`];
  const queue = state['locks']?.[`:${victim.name}`];
  if (ticket === undefined || queue === undefined) return 'gone';
  // Who is in front of it: whoever comes later may stand behind.
  const line = [...(queue['held'] as { '#': unknown }[]), ...(queue['waiting'] as { '#': unknown }[])];
  const place = line.findIndex((other) => other['#'] === ticket['#']);
  return { ...ticket, asks_at: 0, place };
}

async function populate(call: HonestCall, draw: Random, prefix: string): Promise<Victim[]> {
  const victims: Victim[] = [];
  const inboxes = [1, 2, 3].map(() => idOf(draw, ID_LENGTH));
  const asks = async (units: bigint, limit: bigint, ...on: readonly string[]): Promise<void> => {
    const [id, inbox] = [idOf(draw, ID_LENGTH), draw.pick(inboxes)];
    const names = on.map((name) => `${prefix}${name}`);
    await call('lock_acquire', [
      names,
      id,
      BigInt(victims.length + 1),
      inbox,
      HOURS_MS,
      'honest',
      units,
      limit,
      false,
    ]);
    for (const name of names) victims.push({ name, id, inbox });
  };
  for (const each of ['alone', 'alone', 'queue', 'queue', 'queue']) await asks(1n, 1n, each);
  for (let each = 0; each < 2; each++) await asks(2n, 5n, 'seats');
  for (let each = 0; each < 2; each++) await asks(1n, MAX_TTL, 'book');
  await asks(1n, 1n, 'pair a', 'pair b');
  await asks(1n, 1n, 'pair b', 'queue');
  await call('lock_watch', [[`${prefix}watched`, `${prefix}alone`]]);
  await call('acquire', [`${prefix}python`, 36_000n]);
  await call('acquire', [`${prefix}python`, 36_000n]);
  await call('lock_withdraw', [[idOf(draw, ID_LENGTH)]]);
  return victims;
}

export const schema1: HostileSchema = {
  procedures: PROCEDURES,
  state: 'thingsdb_lock',
  idLength: ID_LENGTH,
  idText: ".thingsdb_lock.tickets.keys().reduce(|all, id| all + id, '')",
  populate,
  roomOf: (result) => {
    const room: unknown = isList(result as Sent) ? (result as unknown[])[5] : undefined;
    return typeof room === 'bigint' || typeof room === 'number' ? room : undefined;
  },
  stored: "{root: .keys(), state: .thingsdb_lock.filter(|key| key != 'fn')}",
  withoutTime,
  requestOf,
};
