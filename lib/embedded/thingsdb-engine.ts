import { registry } from './builtins/registry.js';
import type { Clock, Engine, RoomKey, Session, Wire } from './engine.js';
import { PushType, ThingsError } from './engine.js';
import { withBudget } from './runtime/budget.js';
import {
  authError,
  badDataError,
  forbiddenError,
  lookupError,
  notSupported,
  typeError,
  valueError,
} from './runtime/errors.js';
import { fromWire } from './runtime/from-wire.js';
import { runFutures } from './runtime/futures.js';
import { defaultLimits, type Limits } from './runtime/limits.js';
import { ProgramLoader } from './runtime/program.js';
import { Query } from './runtime/query.js';
import type { Scope } from './runtime/scope.js';
import { isSignal, returnSignal } from './runtime/signals.js';
import { TaskTimer } from './runtime/task-timer.js';
import { fromByteString, isValidName, toByteString } from './runtime/text.js';
import { toWire } from './runtime/to-wire.js';
import type { Closure } from './runtime/values/closure.js';
import type { Room } from './runtime/values/room.js';
import type { Value } from './runtime/values/value.js';
import { Database } from './store/database.js';
import { Privileges } from './store/privileges.js';
import { copyDatabase, restoreDatabase } from './store/snapshot.js';
import type { User } from './store/user.js';

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
  /** The rooms a session is in, so that it can leave them when it goes. */
  readonly #rooms = new Map<Session, Set<Room>>();

  constructor({ clock, limits, beforeChange }: EngineOptions) {
    const all = { ...defaultLimits, ...limits };
    this.#programs = new ProgramLoader(registry, all.sourceLength);
    this.#database = new Database(clock, all, this.#programs);
    if (beforeChange !== undefined) this.#database.beforeChange = beforeChange;
    this.#timer = new TaskTimer(this.#database, (query, closure, args) => this.#call(query, closure, args));
  }

  authenticate(session: Session, credentials: Wire): void {
    this.#users.set(session, this.#database.accounts.authenticate(credentials));
  }

  query(session: Session, scopeName: string, code: string, vars: Readonly<Record<string, Wire>>): Wire {
    return this.#answer(() => {
      const scope = this.#scope(scopeName);
      const user = this.#user(session);
      scope.access.require(user, Privileges.query);
      const query = new Query(this.#database, scope, user, session);
      for (const [name, value] of Object.entries(vars)) {
        if (!isValidName(name)) {
          throw valueError('each variable name in a `query` request must follow the naming rules');
        }
        query.assign(name, fromWire(value, query.collection));
      }
      const { run, analysis } = this.#programs.load(toByteString(code), scope.kind);
      if (analysis.needsChange) {
        scope.access.require(user, Privileges.change);
        query.changeId = this.#database.nextChangeId();
      }
      query.hasNse = analysis.hasNse;
      return this.#finish(query, () => {
        try {
          return run(query);
        } catch (thrown) {
          if (thrown !== returnSignal) throw thrown;
          return query.takeReturned();
        }
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
      const { closure } = procedure;
      const values = procedureArguments(query, closure, args);
      // Last, as a node does: who may not run it still learns that it is not there.
      scope.access.require(user, Privileges.run);
      if (closure.hasSideEffects) {
        scope.access.require(user, Privileges.change);
        query.changeId = this.#database.nextChangeId();
      }
      return this.#finish(query, () => query.call(closure, values));
    });
  }

  join(session: Session, scopeName: string, keys: readonly RoomKey[]): readonly (bigint | null)[] {
    return this.#eachRoom(session, scopeName, keys, (room, scope) => {
      if (room.members.has(session)) return;
      room.members.add(session);
      let rooms = this.#rooms.get(session);
      if (!rooms) this.#rooms.set(session, (rooms = new Set()));
      rooms.add(room);
      session.push(PushType.join, { scope, id: BigInt(room.id) });
    });
  }

  leave(session: Session, scopeName: string, keys: readonly RoomKey[]): readonly (bigint | null)[] {
    return this.#eachRoom(session, scopeName, keys, (room, scope) => {
      this.#rooms.get(session)?.delete(room);
      if (room.members.delete(session)) session.push(PushType.leave, { scope, id: BigInt(room.id) });
    });
  }

  emit(
    session: Session,
    scopeName: string,
    key: RoomKey,
    event: string,
    args: readonly Wire[],
    toSelf: boolean,
  ): void {
    const scope = this.#roomScope(session, scopeName);
    const { collection } = scope;
    const room = this.#findRoom(scope, key);
    if (!room) {
      if (typeof key === 'string' && !isValidName(key)) {
        throw valueError(
          'room name must follow the naming rules; see https://docs.thingsdb.io/v1/overview/names',
        );
      }
      const which = typeof key === 'bigint' ? `id ${key}` : `name \`${key}\``;
      throw lookupError(`collection \`${collection.name}\` has no \`room\` with ${which}`);
    }
    const body = { scope: fromByteString(scope.name), id: BigInt(room.id), event, args };
    for (const member of room.members) if (toSelf || member !== session) member.push(PushType.emit, body);
  }

  drop(session: Session): void {
    for (const room of this.#rooms.get(session) ?? []) room.members.delete(session);
    this.#rooms.delete(session);
    this.#users.delete(session);
  }

  snapshot(): unknown {
    return copyDatabase(this.#database);
  }

  restore(snapshot: unknown): void {
    restoreDatabase(this.#database, snapshot);
    for (const rooms of this.#rooms.values()) rooms.clear();
    for (const collection of this.#database.collections.values()) {
      for (const room of collection.rooms.values()) {
        for (const member of room.members) this.#rooms.get(member)?.add(room);
      }
    }
    this.#timer.wake();
  }

  close(): void {
    this.#timer.close();
  }

  // --- running ---

  /** Runs the code and what it left for later, and settles what nothing refers to any more. */
  #finish(query: Query, run: () => Value): Wire {
    try {
      return withBudget(query.budget, () => {
        const value = run();
        runFutures(query, (inner, closure, args) => this.#call(inner, closure, args));
        const { deep, withoutIds } = query;
        return toWire(value, { deep, withoutIds, sizeLimit: this.#database.limits.resultSize });
      });
    } finally {
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
    return typeof key === 'bigint' ? rooms.get(Number(key)) : roomNames.get(toByteString(key));
  }

  #eachRoom(
    session: Session,
    scopeName: string,
    keys: readonly RoomKey[],
    visit: (room: Room, scope: string) => void,
  ): (bigint | null)[] {
    const scope = this.#roomScope(session, scopeName);
    const whitelist = this.#user(session).whitelists.get('rooms');
    return keys.map((key) => {
      const room = this.#findRoom(scope, key);
      if (!room) return null;
      if (whitelist && !whitelist.allows(room.name ?? '')) {
        if (keys.length > 1) return null;
        throw forbiddenError(
          `no match in whitelist for ${room.name === null ? `\`room:${room.id}\`` : `room \`${room.name}\``}`,
        );
      }
      visit(room, fromByteString(scope.name));
      return BigInt(room.id);
    });
  }
}

/** Arguments come as a list, or by name. */
function procedureArguments(query: Query, closure: Closure, args: Wire): Value[] {
  const values: Value[] = closure.parameters.map(() => null);
  if (args === null) return values;
  if (Array.isArray(args)) {
    for (let at = 0; at < values.length && at < args.length; at += 1) {
      values[at] = fromWire((args as readonly Wire[])[at]!, query.collection);
    }
    return values;
  }
  if (typeof args !== 'object' || args instanceof Uint8Array) {
    throw badDataError(
      'run expects arguments to be of type map or array; no arguments (or nil) is also accepted as a valid request',
    );
  }
  for (const [name, value] of Object.entries(args)) {
    const at = closure.parameters.indexOf(name);
    if (at >= 0) values[at] = fromWire(value, query.collection);
  }
  return values;
}

/** Whatever goes wrong leaves as an error of ThingsDB; our own faults say that they are ours. */
function asThingsError(thrown: unknown): unknown {
  if (thrown instanceof ThingsError) return new ThingsError(thrown.code, fromByteString(thrown.message));
  if (isSignal(thrown)) return typeError(`unexpected ${thrown.message}`);
  if (thrown instanceof RangeError) return notSupported(`this much nesting (${thrown.message})`);
  return thrown;
}
