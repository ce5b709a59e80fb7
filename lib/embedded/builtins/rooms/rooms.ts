import {
  lookupError,
  numArgumentsError,
  operationError,
  see,
  typeError,
  valueError,
} from '../../model/errors.js';
import { PushType } from '../../model/session.js';
import { fromByteString, isValidName } from '../../model/text.js';
import type { Heap } from '../../model/values/heap.js';
import { Room } from '../../model/values/room.js';
import { typeName, type Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';
import { toWire } from '../../runtime/wire/to-wire.js';

const PAGE = 'data-types/room/emit';
const MAX_DEEP = 127n;
const MAX_EVENT_NAME = 255;

const room: BuiltIn = {
  name: 'room',
  effects: effects.none,
  root: (query, args) => {
    args.atMost(1, 'collection-api/room');
    if (args.count === 0) return new Room(query.collection);
    const value = args.value(query, 0);
    if (typeof value === 'object' && value?.kind === 'room') return value;
    if (typeof value === 'bigint') return roomById(query, value);
    if (typeof value === 'string') return roomByName(query, value);
    throw typeError(`cannot convert type \`${typeName(value)}\` to \`room\``);
  },
};

function storedRooms(query: Query): NonNullable<Query['collection']> {
  const { collection } = query;
  if (!collection) {
    throw lookupError(
      `scope \`@${query.scope.kind}\` has no stored rooms; you might want to query a \`@collection\` scope?`,
    );
  }
  collection.settle(query.variableValues());
  return collection;
}

function roomById(query: Query, id: bigint): Room {
  const { name, rooms } = storedRooms(query);
  const found = rooms.get(id);
  if (!found) throw lookupError(`collection \`${name}\` has no \`room\` with id ${id}`);
  return found;
}

function roomByName(query: Query, roomName: string): Room {
  const { name, roomNames } = storedRooms(query);
  const found = roomNames.get(roomName);
  if (found) return found;
  if (!isValidName(roomName))
    throw valueError(`room name must follow the naming rules${see('overview/names')}`);
  throw lookupError(`collection \`${name}\` has no \`room\` with name \`${roomName}\``);
}

const setName: BuiltIn = {
  name: 'set_name',
  effects: effects.mutation,
  chain: {
    room: (query, args, self) => {
      args.exactly(1, 'data-types/room/set_name');
      const { heap } = self;
      if (!self.id || !heap)
        throw operationError('names can only be assigned to stored rooms (a room with an Id)');
      query.requireChange('room', true);
      const value = args.value(query, 0);
      const { roomNames } = heap;
      if (value !== null && typeof value !== 'string') {
        throw args.expected(0, '`str` or `nil`', value, 'data-types/room/set_name');
      }
      if (value === self.name) return null;
      if (value !== null) {
        if (!isValidName(value))
          throw valueError(`room name must follow the naming rules${see('overview/names')}`);
        // A room that nothing refers to any more gives its name back at once, not when the query ends.
        if (roomNames.has(value)) heap.settle(query.variableValues());
        if (roomNames.has(value)) throw lookupError(`room \`${value}\` already exists`);
        roomNames.set(value, self);
      }
      if (self.name !== null) roomNames.delete(self.name);
      self.name = value;
      return null;
    },
  },
};

const name: BuiltIn = {
  name: 'name',
  effects: effects.none,
  chain: {
    room: (_query, args, self) => {
      // The name in the message is the real server's.
      args.named('rooom').exactly(0, 'data-types/room/name');
      return self.name;
    },
    member: (_query, args, self) => {
      args.exactly(0, 'data-types/enum/name');
      return self.name;
    },
  },
};

/** `room.emit(deep?, flags?, event, ...arguments)` */
const emit: BuiltIn = {
  name: 'emit',
  effects: effects.none,
  chain: {
    room: (query, args, self) => {
      args.atLeast(1, PAGE);
      let { deep } = query;
      let withoutIds = false;
      let at = 0;
      let event = args.value(query, 0);
      if (typeof event === 'bigint') {
        // The blank before the semicolon is the real server's.
        if (args.count === 1) throw tooFew('2', '`deep` is used', '1 was given ');
        if (event < 0n || event > MAX_DEEP) {
          throw valueError(`expecting a \`deep\` value between 0 and ${MAX_DEEP} but got ${event} instead`);
        }
        deep = Number(event);
        event = args.value(query, (at += 1));
        if (typeof event === 'bigint') {
          if (args.count === 2) throw tooFew('3', 'both `deep` and `flags` are used', '2 were given');
          withoutIds = (event & 32n) !== 0n;
          event = args.value(query, (at += 1));
        }
      }
      if (typeof event !== 'string') throw badEvent(event);
      if (event.length < 1 || event.length > MAX_EVENT_NAME) {
        throw valueError(
          `function \`emit\` expects the \`event\` argument to be between 1 and ${MAX_EVENT_NAME} characters`,
        );
      }
      const values: Value[] = [];
      for (let next = at + 1; next < args.count; next += 1) values.push(args.value(query, next));
      if (self.id) tell(query, self, event, values, deep, withoutIds);
      return null;
    },
  },
};

function tell(
  query: Query,
  room: Room,
  event: string,
  values: readonly Value[],
  deep: number,
  withoutIds: boolean,
): void {
  if (!room.members.size) return;
  query.step(room.members.size);
  const options = { deep, withoutIds, sizeLimit: query.database.limits.resultSize, query };
  const body = {
    scope: fromByteString((room.heap as Heap).scopeName),
    id: room.id,
    event: fromByteString(event),
    args: values.map((value) => toWire(value, options)),
  };
  for (const member of room.members) member.push(PushType.emit, body);
}

function tooFew(count: string, when: string, given: string): Error {
  return numArgumentsError(
    `function \`emit\` requires at least ${count} arguments when ${when} but ${given}${see(PAGE)}`,
  );
}

function badEvent(value: Value): Error {
  return typeError(
    `function \`emit\` expects the \`event\` argument to be of type \`str\` but got type \`${typeName(value)}\` ` +
      `instead${see(PAGE)}`,
  );
}

export const roomFunctions: readonly BuiltIn[] = [room, setName, name, emit];
