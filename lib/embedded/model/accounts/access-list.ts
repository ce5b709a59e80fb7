import { forbiddenError } from '../errors.js';
import { describePrivileges } from './privileges.js';
import type { User } from './user.js';

/** A list as plain data. */
export type AccessSnapshot = readonly (readonly [userId: number, mask: number])[];

type Person = Pick<User, 'id' | 'name'>;

/** Who may do what in one scope. */
export class AccessList {
  /** By user id. A user without any right is not in it. */
  readonly #masks = new Map<number, number>();
  readonly #scopeName: () => string;

  /** @param scopeName the scope's full name as errors give it (`@thingsdb`, `@collection:stuff`); it may change */
  constructor(scopeName: () => string) {
    this.#scopeName = scopeName;
  }

  get scopeName(): string {
    return this.#scopeName();
  }

  /** The rights of a user; `undefined` when nothing has been granted, which a mask of 0 is not. */
  maskOf(user: Person): number | undefined {
    return this.#masks.get(user.id);
  }

  grant(user: Person, mask: number): void {
    this.#masks.set(user.id, (this.#masks.get(user.id) ?? 0) | mask);
  }

  /** A user who has no right left is removed. */
  revoke(user: Person, mask: number): void {
    const left = (this.#masks.get(user.id) ?? 0) & ~mask;
    if (left === 0) this.#masks.delete(user.id);
    else this.#masks.set(user.id, left);
  }

  /** Whether the user has all of the rights in the mask. */
  allows(user: Person, mask: number): boolean {
    const granted = this.#masks.get(user.id);
    return granted !== undefined && (granted & mask) === mask;
  }

  /** Whether the user has at least one of the rights in the mask. */
  allowsAny(user: Person, mask: number): boolean {
    return ((this.#masks.get(user.id) ?? 0) & mask) !== 0;
  }

  /** @throws ThingsError -55 unless {@link allows} */
  require(user: Person, mask: number): void {
    if (!this.allows(user, mask)) this.#refuse(user, mask);
  }

  /** @throws ThingsError -55 unless {@link allowsAny} */
  requireAny(user: Person, mask: number): void {
    if (!this.allowsAny(user, mask)) this.#refuse(user, mask);
  }

  /** @throws ThingsError -55 when `other` has a right that `user` does not have */
  requireNoMore(user: Person, other: Person): void {
    const more = (this.#masks.get(other.id) ?? 0) & ~(this.#masks.get(user.id) ?? 0);
    if (more === 0) return;
    throw forbiddenError(
      `user \`${other.name}\` has privileges (\`${describePrivileges(more)}\`) that user \`${user.name}\` is missing ` +
        `on scope \`${this.scopeName}\``,
    );
  }

  /** The list as plain data, for {@link restore}. */
  snapshot(): AccessSnapshot {
    return [...this.#masks];
  }

  restore(snapshot: AccessSnapshot): void {
    this.#masks.clear();
    for (const [userId, mask] of snapshot) this.#masks.set(userId, mask);
  }

  #refuse(user: Person, mask: number): never {
    throw forbiddenError(
      `user \`${user.name}\` is missing the required privileges (\`${describePrivileges(mask)}\`) ` +
        `on scope \`${this.scopeName}\`; see https://docs.thingsdb.io/v1/thingsdb-api/grant`,
    );
  }
}
