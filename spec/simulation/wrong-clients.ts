import { Desk, type Seat } from '../../lib/manager/desk.js';
import type { Input, Now } from '../../lib/request/inputs.js';
import { LeaseTime } from '../../lib/request/lease-time.js';
import { Request } from '../../lib/request/request.js';
import type { Answer } from '../../lib/schema/operations.js';

/** A client with one thing wrong, made by putting another method in the place of one. */
export interface WrongClient {
  readonly does: string;
  /** Puts it in; returns how to take it out again. */
  readonly put: () => () => void;
}

function instead<Class extends object, Name extends keyof Class & string>(
  of: Class,
  name: Name,
  make: (original: Class[Name]) => Class[Name],
): () => void {
  const original = Object.getOwnPropertyDescriptor(of, name) as PropertyDescriptor;
  Object.defineProperty(of, name, { ...original, value: make(original.value as Class[Name]) });
  return () => Object.defineProperty(of, name, original);
}

export const WRONG_CLIENTS: readonly WrongClient[] = [
  {
    does: 'counts a lease from its answer, not from before it asked',
    put: () =>
      instead(LeaseTime.prototype, 'confirm', (confirm) => {
        return function (this: LeaseTime, sentMs: number, offsetMs: number, leaseMs: number): void {
          confirm.call(this, sentMs + 150, offsetMs, leaseMs);
        };
      }),
  },
  {
    does: 'believes a pushed grant for a whole ttl, acknowledged or not',
    put: () =>
      instead(LeaseTime.prototype, 'acknowledging', (acknowledging) => {
        return function (this: LeaseTime, now: Now): void {
          this.deadlineMs += 2_000;
          this.wallDeadlineMs += 2_000;
          acknowledging.call(this, now);
        };
      }),
  },
  {
    does: 'does not look at the wall clock',
    put: () => instead(LeaseTime.prototype, 'mayBeOver', () => () => false),
  },
  {
    does: 'releases where it has to withdraw',
    put: () =>
      instead(Request.prototype, 'hears', (hears) => {
        return function (this: Request, input: Extract<Input, { kind: 'answered' | 'failed' }>): void {
          hears.call(this, input);
          this.mayReturn = false;
        };
      }),
  },
  {
    does: 'takes every release for a good one',
    put: () =>
      instead(Desk.prototype, 'answered', (answered) => {
        return function (this: Desk, seat: Seat, call, answer: Answer, exchange, room): void {
          const said: Answer = answer.state === 'ended' ? { state: 'ended', was: 'held' } : answer;
          answered.call(this, seat, call, said, exchange, room);
        };
      }),
  },
  {
    does: 'takes every answer for news, whatever it asked since',
    put: () =>
      instead(Desk.prototype, 'answered', (answered) => {
        return function (this: Desk, seat: Seat, call, answer, exchange, room): void {
          seat.request.appliedTurn = 0;
          seat.request.whyTurn = call.operation.kind === 'check' ? call.turn : seat.request.whyTurn;
          answered.call(this, seat, call, answer, exchange, room);
        };
      }),
  },
  {
    does: 'goes away without a withdrawal',
    put: () =>
      instead(Desk.prototype, 'giveUp', (giveUp) => {
        return function (this: Desk, seat: Seat, reason: unknown): void {
          giveUp.call(this, seat, reason);
          // Nothing of it is ever sent.
          this.failed(seat, { ...DEAD_CALL, id: seat.request.id }, 'never', 'refused');
        };
      }),
  },
];

const DEAD_CALL = {
  kind: 'send',
  operation: { kind: 'release', name: '', id: '' },
  turn: 0,
  offsetMs: 0,
  caller: 0,
  isUrgent: false,
} as const;
