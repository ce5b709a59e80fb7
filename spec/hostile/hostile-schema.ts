import type { Random } from '../chaos/random.js';
import type { Kind } from './kinds.js';
import type { Sent } from './wire.js';
import type { Victim, World } from './world.js';

/** What a procedure that takes several operations in one call does with each. */
export interface OperationRules {
  /** The operations in a call's arguments. */
  of(args: readonly Sent[]): readonly Sent[];
  readonly kind: Kind;
  /** The code of each operation that was refused, `undefined` for the others, in the order of the operations. */
  refusals(result: unknown): readonly (number | undefined)[];
}

/** One procedure as hostile clients know it. */
export interface HostileProcedure {
  readonly name: string;
  readonly parameters: readonly string[];
  /** One for each parameter. */
  readonly args: readonly Kind[];
  /** What must hold of all arguments together. */
  readonly obeys?: (args: readonly Sent[]) => boolean;
  /** Whoever may call it takes from others by right: it is only called for names that no honest client uses. */
  readonly isTaking?: boolean;
  readonly operations?: OperationRules;
  /** Codes of ThingsDB's own that it may refuse with. */
  readonly codes?: readonly number[];
}

/** Makes a call as an honest process; rejects when it is refused. */
export type HonestCall = (procedure: string, args: readonly Sent[]) => Promise<unknown>;

/** What one version of the schema offers, and what it keeps: all that the hostile suite knows of it. */
export interface HostileSchema {
  readonly procedures: readonly HostileProcedure[];
  /** The state's property of the root. */
  readonly state: string;
  readonly idLength: number;
  /** An expression in ThingsDB's language: a text with the ids of all requests in it. */
  readonly idText: string;
  /** Makes requests of every kind on names that begin so, all of which last for hours. */
  readonly populate: (call: HonestCall, draw: Random, prefix: string) => Promise<Victim[]>;
  /** Code that makes what lasts for minutes only last for hours. */
  readonly lasting: string;
  /** The room that an answer names, to be joined; `undefined` if it names none. */
  roomOf(result: unknown): bigint | number | undefined;
  /** An expression for all that is stored, without code: each thing at most four deep, and once. */
  readonly stored: string;
  /** Takes out of what is stored what time alone changes. */
  withoutTime(stored: unknown): unknown;
  /** What is stored of these honest processes beside their requests, which nobody else may change. */
  besides(stored: unknown, victims: readonly Victim[]): unknown;
  /** What is stored of one request, with its place in the queue, without what others may rightly change. */
  requestOf(stored: unknown, victim: Victim): unknown;
}

/** Whether the contract takes these arguments. Those that are missing are nil, and what is too much is passed over. */
export function accepts(procedure: HostileProcedure, args: readonly Sent[]): boolean {
  const all = procedure.args.map((_, i) => args[i] ?? null);
  if (!procedure.args.every((kind, i) => kind.accepts(all[i] as Sent))) return false;
  return procedure.obeys?.(all) ?? true;
}

/** Arguments that an honest client may send. */
export function honestArgs(procedure: HostileProcedure, draw: Random, world: World): readonly Sent[] {
  for (;;) {
    const args = procedure.args.map((kind) => kind.make(draw, world));
    if (accepts(procedure, args)) return args;
  }
}
