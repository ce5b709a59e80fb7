import { registry } from '../builtins/registry.js';
import { Privileges } from '../model/accounts/privileges.js';
import type { User } from '../model/accounts/user.js';
import { cost, withBudget } from '../model/budget.js';
import type { Clock } from '../model/clock.js';
import {
  authError,
  badDataError,
  forbiddenError,
  lookupError,
  notSupported,
  see,
  typeError,
  UncaughtError,
  valueError,
} from '../model/errors.js';
import { defaultLimits, type Limits, MAX_DEEP } from '../model/limits.js';
import { PushType, type Session } from '../model/session.js';
import type { Collection } from '../model/store/collection.js';
import { Database } from '../model/store/database.js';
import type { Procedure } from '../model/store/procedure.js';
import type { Scope } from '../model/store/scope.js';
import { copyDatabase, restoreDatabase } from '../model/store/snapshot.js';
import { fromByteString, isValidName, toByteString } from '../model/text.js';
import { ThingsError } from '../model/things-error.js';
import type { Closure } from '../model/values/closure.js';
import type { Room } from '../model/values/room.js';
import type { Value } from '../model/values/value.js';
import type { PackReader } from '../msgpack/pack-reader.js';
import type { Wire } from '../msgpack/wire.js';
import { ProgramLoader } from '../runtime/compiler/program-loader.js';
import { runFutures } from '../runtime/futures.js';
import { Query } from '../runtime/query.js';
import { isSignal, returnSignal } from '../runtime/signals.js';
import { toWire } from '../runtime/wire/to-wire.js';
import { readerOf, unpack } from '../runtime/wire/unpack.js';
import type { Engine, RoomKey } from './engine.js';
import { Memberships } from './memberships.js';
import { TaskTimer } from './task-timer.js';

export interface EngineOptions {
  readonly clock: Clock;
  /** What a query may use; see {@link Limits}. */
  readonly limits?: Partial<Limits>;
  /** Called when a change is about to be made: the moment for a snapshot to go back to. */
  readonly beforeChange?: () => void;
}

/** An empty ThingsDB: the user `admin` with the password `pass`, and the collection `stuff`. */
export function createEngine(options: EngineOptions): Engine {
  return new ThingsdbEngine(options);
}

class ThingsdbEngine implements Engine {
  readonly #database: Database;
  readonly #programs: ProgramLoader;
  readonly #timer: TaskTimer;
  readonly #users = new WeakMap<Session, User>();
  readonly #memberships: Memberships;

  constructor({ clock, limits, beforeChange }: EngineOptions) {
    const all = { ...defaultLimits, ...limits };
    this.#memberships = new Memberships(all);
    this.#programs = new ProgramLoader(registry, all.sourceLength);
    this.#database = new Database(clock, all, this.#programs);
    if (beforeChange !== undefined) this.#database.beforeChange = beforeChange;
    this.#timer = new TaskTimer(this.#database, (query, closure, args) => this.#call(query, closure, args));
  }

  authenticate(session: Session, credentials: Wire): void {
    this.#users.set(session, this.#database.accounts.authenticate(credentials));
  }

  query(session: Session, scopeName: string, code: string, vars: Wire): Wire {
    return this.#answer(() => {
      const scope = this.#scope(scopeName);
      const user = this.#user(session);
      const query = new Query(this.#database, scope, user, session);
      return this.#execute(query, () => {
        readVariables(query, readerOf(vars));
        // After the variables, as a node does.
        scope.access.require(user, Privileges.query);
        const { run, analysis } = this.#programs.load(toByteString(code), scope.kind);
        if (analysis.needsChange) {
          scope.access.require(user, Privileges.change);
          query.beginChange();
          // A closure that it stores keeps the whole program.
          query.budget.share(code.length * cost.letter);
        }
        query.hasNse = analysis.hasNse;
        return () => {
          try {
            return run(query);
          } catch (thrown) {
            if (thrown !== returnSignal) throw thrown;
            return query.takeReturned();
          }
        };
      });
    });
  }

  run(session: Session, scopeName: string, procedureName: string, args: Wire): Wire {
    return this.#answer(() => {
      const scope = this.#scope(scopeName);
      const user = this.#user(session);
      if (scope.kind === 'node') {
        throw badDataError(
          'cannot make a `run` request to the `node` scope; see https://docs.thingsdb.io/v1/procedures-api',
        );
      }
      const query = new Query(this.#database, scope, user, session);
      const procedure = query.procedures.get(toByteString(procedureName));
      if (!procedure) throw lookupError(`procedure \`${procedureName}\` not found`);
      user.whitelists.get('procedures')?.require(procedure.name);
      return this.#execute(query, () => {
        const { closure } = procedure;
        const values = readArguments(query, procedure, readerOf(args));
        // Last, as a node does. Who may not run it still learns that it is absent, or what its arguments lack.
        scope.access.require(user, Privileges.run);
        if (closure.hasSideEffects) {
          scope.access.require(user, Privileges.change);
          query.beginChange();
        }
        return () => query.call(closure, values);
      });
    });
  }

  join(session: Session, scopeName: string, keys: readonly RoomKey[]): readonly (bigint | null)[] {
    const whitelist = this.#user(session).whitelists.get('rooms');
    return this.#eachRoom(session, scopeName, 'join', keys, (room, scope) => {
      if (whitelist && (room.name === null || !whitelist.allows(room.name))) {
        if (keys.length > 1) return null;
        throw forbiddenError(
          `no match in whitelist for ${room.name === null ? `\`room:${room.id}\`` : `room \`${room.name}\``}`,
        );
      }
      if (room.members.has(session)) return room.id;
      this.#memberships.join(session, room);
      session.push(PushType.join, { scope, id: room.id });
      return room.id;
    });
  }

  /** No whitelist keeps anybody in a room. */
  leave(session: Session, scopeName: string, keys: readonly RoomKey[]): readonly (bigint | null)[] {
    return this.#eachRoom(session, scopeName, 'leave', keys, (room, scope) => {
      if (this.#memberships.leave(session, room)) session.push(PushType.leave, { scope, id: room.id });
      return room.id;
    });
  }

  /** The arguments are taken apart and put together again, things in full: who may emit can read what is stored. */
  emit(session: Session, scopeName: string, key: RoomKey, event: string, args: Wire, toSelf: boolean): void {
    const scope = this.#roomScope(session, scopeName);
    const { collection } = scope;
    const room = this.#findRoom(scope, key);
    if (!room) throw noRoom(collection, key);
    const query = new Query(this.#database, scope, this.#user(session), session);
    try {
      const values = withBudget(query.budget, () => {
        const options = { deep: MAX_DEEP, withoutIds: false, sizeLimit: this.#database.limits.resultSize };
        return readItems(query, readerOf(args)).map((value) => toWire(value, options));
      });
      const body = { scope: fromByteString(scope.name), id: room.id, event, args: values };
      for (const member of room.members) if (toSelf || member !== session) member.push(PushType.emit, body);
    } finally {
      collection.settle();
    }
  }

  drop(session: Session): void {
    this.#memberships.drop(session);
    this.#users.delete(session);
  }

  snapshot(): unknown {
    return copyDatabase(this.#database);
  }

  restore(snapshot: unknown): void {
    restoreDatabase(this.#database, snapshot);
    const { collections } = this.#database;
    this.#memberships.restore([...collections.values()].flatMap(({ rooms }) => [...rooms.values()]));
    this.#timer.wake();
  }

  close(): void {
    this.#timer.close();
  }

  // --- running ---

  /** Runs what `prepare` gives and what that left for later, and settles what nothing refers to any more. */
  #execute(query: Query, prepare: () => () => Value): Wire {
    try {
      return withBudget(query.budget, () => {
        const value = prepare()();
        runFutures(query, (inner, closure, args) => this.#call(inner, closure, args));
        const { deep, withoutIds } = query;
        return toWire(value, { deep, withoutIds, sizeLimit: this.#database.limits.resultSize, query });
      });
    } finally {
      this.#database.storage.add(query.budget.storedBytes);
      query.collection?.settle();
      this.#timer.wake();
    }
  }

  #call(query: Query, closure: Closure, args: readonly Value[]): Value {
    return query.call(closure, args);
  }

  #answer(action: () => Wire): Wire {
    const { counters } = this.#database.node;
    try {
      const value = action();
      counters.queriesSuccess += 1;
      return value;
    } catch (thrown) {
      counters.queriesWithError += 1;
      throw asThingsError(thrown);
    }
  }

  // --- who and where ---

  #user(session: Session): User {
    const user = this.#users.get(session);
    if (!user) throw authError('connection is not authenticated');
    return user;
  }

  #scope(name: string): Scope {
    return this.#database.scope(toByteString(name));
  }

  #roomScope(session: Session, scopeName: string): Extract<Scope, { kind: 'collection' }> {
    const scope = this.#scope(scopeName);
    if (scope.kind !== 'collection') {
      throw badDataError('expecting a `collection` scope');
    }
    scope.access.require(this.#user(session), Privileges.join);
    return scope;
  }

  #findRoom(scope: Extract<Scope, { kind: 'collection' }>, key: RoomKey): Room | undefined {
    const { rooms, roomNames } = scope.collection;
    if (key === null) return undefined;
    return typeof key === 'bigint' ? rooms.get(key) : roomNames.get(toByteString(key));
  }

  #eachRoom(
    session: Session,
    scopeName: string,
    request: 'join' | 'leave',
    keys: readonly RoomKey[],
    visit: (room: Room, scope: string) => bigint | null,
  ): (bigint | null)[] {
    const scope = this.#roomScope(session, scopeName);
    return keys.map((key) => {
      if (key === null) {
        throw badDataError(
          `${request} request only accepts integer room id's or string room names${see('listening')}`,
        );
      }
      const room = this.#findRoom(scope, key);
      return room ? visit(room, fromByteString(scope.name)) : null;
    });
  }
}

function noRoom({ name }: Collection, key: RoomKey): ThingsError {
  if (key === null) {
    return badDataError(
      `emit request only accepts an integer room id or string room name${see('listening')}`,
    );
  }
  if (typeof key === 'bigint') return lookupError(`collection \`${name}\` has no \`room\` with id ${key}`);
  if (isValidName(key)) return lookupError(`collection \`${name}\` has no \`room\` with name \`${key}\``);
  return valueError(`room name must follow the naming rules${see('overview/names')}`);
}

/** The variables of a query: a map by name. Anything else stands for none. */
function readVariables(query: Query, reader: PackReader): void {
  if (reader.next() !== 'map') return;
  for (let left = reader.size; left > 0; left -= 1) {
    if (reader.next() !== 'utf8' || !isValidName(reader.text)) {
      throw valueError(
        `each argument name in a \`query\` request must follow the naming rules${see('overview/names')}`,
      );
    }
    const name = reader.text;
    query.assign(
      name,
      saying(`(in argument \`${name}\`)`, () => unpack(reader, query)),
    );
  }
}

/** The arguments of a procedure come as a list, or by name; what it does not know is passed over. */
function readArguments(query: Query, { name, closure }: Procedure, reader: PackReader): Value[] {
  const { parameters } = closure;
  const values: Value[] = parameters.map(() => null);
  const token = reader.next();
  const { size } = reader;
  if (token === 'array') {
    for (let at = 0; at < values.length && at < size; at += 1) {
      values[at] = saying(`(argument ${at} for procedure \`${name}\`)`, () => unpack(reader, query));
    }
  } else if (token === 'map') {
    for (let left = size; left > 0; left -= 1) {
      const key = reader.next();
      if (key !== 'utf8') {
        throw valueError(`arguments keys must be of type \`str\` but got type \`${key}\` instead`);
      }
      const parameter = reader.text;
      const at = parameters.indexOf(parameter);
      if (at < 0) reader.skip();
      else {
        const where = `(argument \`${parameter}\` for procedure \`${name}\`)`;
        values[at] = saying(where, () => unpack(reader, query));
      }
    }
  } else if (token !== 'nil' && token !== 'end of msgpack data') {
    throw badDataError(
      'run expects arguments to be of type map or array; no arguments (or nil) is also accepted as a valid request',
    );
  }
  return values;
}

/** The items of a list. */
function readItems(query: Query, reader: PackReader): Value[] {
  const values: Value[] = [];
  reader.next();
  for (let left = reader.size; left > 0; left -= 1) values.push(unpack(reader, query));
  return values;
}

/** Errors of `read` say where it was that they happened. */
function saying<T>(where: string, read: () => T): T {
  try {
    return read();
  } catch (thrown) {
    if (!(thrown instanceof ThingsError) || thrown instanceof UncaughtError) throw thrown;
    throw new ThingsError(thrown.code, `${thrown.message} ${where}`);
  }
}

/** Whatever goes wrong leaves as an error of ThingsDB; our own faults say that they are ours. */
function asThingsError(thrown: unknown): unknown {
  if (thrown instanceof ThingsError) return new ThingsError(thrown.code, fromByteString(thrown.message));
  if (isSignal(thrown)) return typeError(`unexpected ${thrown.message}`);
  if (thrown instanceof RangeError) return notSupported(`this much nesting (${thrown.message})`);
  return thrown;
}
