import { Accounts } from '../accounts/accounts.js';
import { Privileges } from '../accounts/privileges.js';
import type { User } from '../accounts/user.js';
import { cost, spendMemory } from '../budget.js';
import type { Clock } from '../clock.js';
import { lookupError, requireFewer } from '../errors.js';
import type { Limits } from '../limits.js';
import type { TimeZone } from '../time-zone.js';
import type { Task } from '../values/task.js';
import { Collection } from './collection.js';
import { NodeState } from './node-state.js';
import type { Procedure } from './procedure.js';
import type { Programs } from './programs.js';
import { parseScopeName, type Scope } from './scope.js';
import { Storage } from './storage.js';

/** Everything that a node stores. */
export class Database {
  readonly collections = new Map<string, Collection>();
  /** Of the `@thingsdb` scope. */
  readonly procedures = new Map<string, Procedure>();
  readonly tasks = new Map<bigint, Task>();
  readonly accounts: Accounts;
  readonly node: NodeState;
  readonly storage: Storage;
  deep = 1;
  timeZone: TimeZone | null = null;
  changeId = 0;
  nextId = 1;
  readonly startedAt: number;
  /** Called when a change is about to be made, while everything is still as it was before. */
  beforeChange: () => void = () => undefined;

  constructor(
    readonly clock: Clock,
    readonly limits: Limits,
    readonly programs: Programs,
  ) {
    this.startedAt = clock.now();
    this.storage = new Storage(this, limits.storage);
    this.node = new NodeState(this.startedAt);
    this.accounts = new Accounts({
      nowMs: () => clock.now(),
      nextId: () => this.takeId(),
      maxUsers: limits.users,
    });
    const admin = this.accounts.user('admin');
    this.newCollection('stuff', admin);
  }

  /** Seconds since the epoch. */
  get nowSeconds(): number {
    return Math.floor(this.clock.now() / 1000);
  }

  takeId(): number {
    const id = this.nextId;
    this.nextId += 1;
    return id;
  }

  /** A change begins. */
  nextChangeId(): number {
    this.beforeChange();
    this.node.counters.changesCommitted += 1;
    this.changeId += 1;
    return this.changeId;
  }

  /** Throws -57 when there are too many. */
  newCollection(name: string, owner: User): Collection {
    requireFewer(this.collections.size, this.limits.collections, 'collections');
    spendMemory(cost.named);
    const collection = new Collection(this.takeId(), name, this.nowSeconds);
    collection.access.grant(owner, Privileges.full);
    this.collections.set(name, collection);
    return collection;
  }

  /** The scope of that name. Throws -60 for one that cannot be, -54 for one that is not there. */
  scope(text: string): Scope {
    const name = parseScopeName(text);
    if (name.kind === 'thingsdb') {
      return { kind: 'thingsdb', name: '@thingsdb', access: this.accounts.thingsdb };
    }
    if (name.kind === 'node') return { kind: 'node', name: '@node', access: this.accounts.node };
    const collection = this.collections.get(name.name);
    if (!collection) throw lookupError(`collection \`${name.name}\` not found`);
    return collection.scope;
  }
}
