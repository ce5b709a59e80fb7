import { cost, spendMemory } from '../budget.js';
import { maxQuotaError, operationError } from '../errors.js';
import { MAX_ENUM_MEMBERS } from '../limits.js';
import type { Closure } from './closure.js';
import { EnumMember } from './enum-member.js';
import type { Heap } from './heap.js';
import type { BaseName } from './restriction.js';
import { kindOf, type Value } from './value.js';

/** An enumeration: named values of one kind, and methods. */
export class EnumType {
  readonly members: EnumMember[] = [];
  readonly methods = new Map<string, Closure>();
  uses = 0;
  modifiedAt: number | null = null;

  constructor(
    readonly id: number,
    public name: string,
    readonly heap: Heap,
    readonly createdAt: number,
  ) {}

  /** What all members hold, as a definition names it. */
  get valueBase(): BaseName {
    const kind = kindOf(this.members[0]?.value ?? null);
    return kind === 'nil' ? 'any' : (kind as BaseName);
  }

  member(name: string): EnumMember | undefined {
    return this.members.find((member) => member.name === name);
  }

  /** Throws -57 when there are too many. */
  add(name: string, value: Value): EnumMember {
    if (this.members.length >= MAX_ENUM_MEMBERS) {
      throw maxQuotaError('maximum number of enum members has been reached');
    }
    spendMemory(cost.named);
    const member = new EnumMember(this, name, value);
    this.members.push(member);
    return member;
  }

  /** Throws -63 while something depends on the members staying as they are. */
  requireUnused(): void {
    if (this.uses) throw operationError(`cannot change enum \`${this.name}\` while the enumerator is in use`);
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
