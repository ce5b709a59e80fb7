import { operationError, UncaughtError } from '../../model/errors.js';
import { ThingsError } from '../../model/things-error.js';
import type { Field } from '../../model/values/field.js';
import type { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import { replaceAt } from '../../runtime/operations/properties.js';

/** Remembers what went wrong first, while the rest goes on. */
export class Failures {
  #first: ThingsError | null = null;

  /** Runs `action`; whether it went well. What ends a query passes. */
  try(action: () => void, tell: (why: string) => string): boolean {
    try {
      action();
      return true;
    } catch (thrown) {
      if (!(thrown instanceof ThingsError) || thrown instanceof UncaughtError) throw thrown;
      this.#first ??= operationError(tell(thrown.message));
      return false;
    }
  }

  throwFirst(): void {
    if (this.#first) throw this.#first;
  }
}

/** Brings the things of a type to a new definition of a property: each keeps a value that fits it. */
export class Migration {
  readonly failures = new Failures();
  readonly #field: Field;
  readonly #at: number;
  readonly #default: Value;

  constructor(field: Field, at: number) {
    this.#field = field;
    this.#at = at;
    this.#default = field.defaultValue();
  }

  /** The value that the callback gives, else the one that is there, else the default. */
  byCallback(thing: Thing, callback: () => Value): void {
    let isDone = false;
    this.failures.try(
      () => {
        const value = callback();
        if (value !== null) {
          this.#put(thing, value);
          isDone = true;
        }
      },
      (why) => `${this.#modified} at least one error has occurred using the given callback: ${why}`,
    );
    if (isDone) return;
    const isKept = this.failures.try(
      () => this.#put(thing, thing.values[this.#at] ?? null),
      (why) => `${this.#modified} at least one failed attempt was made to keep the original value: ${why}`,
    );
    if (!isKept) this.#put(thing, this.#default);
  }

  /** A thing that was made while others were brought over. */
  ofNewThing(thing: Thing): void {
    const fits = this.failures.try(
      () => this.#put(thing, thing.values[this.#at] ?? null),
      (why) =>
        `${this.#modified} at least one instance got an inappropriate value from the migration callback; to be ` +
        `compliant, ThingsDB has used the default value for this instance; callback response: ${why}`,
    );
    if (!fits) this.#put(thing, this.#default);
  }

  get #modified(): string {
    return `field \`${this.#field.name}\` on type \`${this.#field.type.name}\` is modified but`;
  }

  #put(thing: Thing, value: Value): void {
    replaceAt(thing, this.#at, this.#field.assign(value, thing));
  }
}
