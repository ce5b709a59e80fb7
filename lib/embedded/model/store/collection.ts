import { AccessList } from '../accounts/access-list.js';
import { Heap } from '../values/heap.js';
import type { Task } from '../values/task.js';
import { Thing } from '../values/thing.js';
import type { Value } from '../values/value.js';
import type { Procedure } from './procedure.js';
import type { Scope } from './scope.js';

/** A collection: a tree of things under one root, with the types, procedures and tasks that go with it. */
export class Collection extends Heap {
  readonly access = new AccessList(() => this.scopeName);
  readonly procedures = new Map<string, Procedure>();
  readonly tasks = new Map<bigint, Task>();
  deep = 1;
  #root: Thing;

  constructor(
    readonly id: number,
    public name: string,
    readonly createdAt: number,
  ) {
    super();
    this.#root = new Thing(this);
    this.attach(this.#root);
  }

  get root(): Thing {
    return this.#root;
  }

  /** Another thing becomes the root; what only the one before referred to is gone already. */
  replaceRoot(root: Thing): void {
    this.#root = root;
    this.attach(root);
  }

  override get scopeName(): string {
    return `@collection:${this.name}`;
  }

  get scope(): Extract<Scope, { kind: 'collection' }> {
    return { kind: 'collection', name: this.scopeName, access: this.access, collection: this };
  }

  override *anchors(): Iterable<Value> {
    yield this.root;
    for (const task of this.tasks.values()) yield* task.args;
  }
}
