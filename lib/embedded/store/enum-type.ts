import type { Closure } from '../runtime/values/closure.js';
import { EnumMember } from '../runtime/values/enum-member.js';
import type { Value } from '../runtime/values/value.js';
import type { Collection } from './collection.js';

/** An enumeration: named values of one kind, and methods. */
export class EnumType {
  readonly members: EnumMember[] = [];
  readonly methods = new Map<string, Closure>();
  uses = 0;
  modifiedAt: number | null = null;

  constructor(
    readonly id: number,
    public name: string,
    readonly collection: Collection,
    readonly createdAt: number,
  ) {}

  member(name: string): EnumMember | undefined {
    return this.members.find((member) => member.name === name);
  }

  add(name: string, value: Value): EnumMember {
    const member = new EnumMember(this, name, value);
    this.members.push(member);
    return member;
  }

  using<T>(action: () => T): T {
    this.uses += 1;
    try {
      return action();
    } finally {
      this.uses -= 1;
    }
  }
}
