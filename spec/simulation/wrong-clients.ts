import { Desk, type RequestListener, type Seat } from '../../lib/manager/desk.js';
import { ACQUIRER } from '../../lib/request/commands.js';
import type { Input, Now } from '../../lib/request/inputs.js';
import { LeaseTime } from '../../lib/request/lease-time.js';
import { Request } from '../../lib/request/request.js';
import type { Answer } from '../../lib/schema/operations.js';
import type { Kind } from './plans.js';

/** A client with one thing wrong, made by putting another method in the place of one. */
export interface WrongClient {
  readonly does: string;
  /** The kind of run that shows it; without one, runs of all kinds are tried. */
  readonly shownBy?: Kind;
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
    put: () => {
      const takeOut = [
        instead(LeaseTime.prototype, 'mayBeOver', () => () => false),
        instead(LeaseTime.prototype, 'compare', () => () => undefined),
        instead(LeaseTime.prototype, 'leftMs', () => {
          return function (this: LeaseTime, now: Now): number {
            return Math.max(0, this.deadlineMs - now.ms);
          };
        }),
      ];
      return () => takeOut.forEach((out) => out());
    },
  },
  {
    does: 'gives a lease up while an answer that confirms it lies unread',
    shownBy: 'blocked',
    put: () => {
      const original = Object.getOwnPropertyDescriptor(Request.prototype, 'isBeingConfirmed');
      Object.defineProperty(Request.prototype, 'isBeingConfirmed', { ...original, get: () => false });
      return () =>
        Object.defineProperty(Request.prototype, 'isBeingConfirmed', original as PropertyDescriptor);
    },
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
    does: 'closes without withdrawing what may arrive again',
    shownBy: 'doubled',
    put: () =>
      instead(Desk.prototype, 'close', (close) => {
        return function (this: Desk, reason: unknown): void {
          for (const { request } of this.seats) request.mayReturn = false;
          close.call(this, reason);
        };
      }),
  },
  {
    does: 'takes every release for a good one',
    put: () =>
      instead(Desk.prototype, 'answered', (answered) => {
        return function (this: Desk, seat: Seat, call, answer: Answer, exchange, room): void {
          const { token } = seat.request;
          const said: Answer = answer.state === 'ended' ? { state: 'ended', was: 'held', token } : answer;
          answered.call(this, seat, call, said, exchange, room);
        };
      }),
  },
  {
    does: 'takes the end of a later grant of its request for that of its lease',
    shownBy: 'heldUp',
    put: () =>
      instead(Desk.prototype, 'answered', (answered) => {
        return function (this: Desk, seat: Seat, call, answer: Answer, exchange, room): void {
          const { token } = seat.request;
          const isOfLease = answer.state === 'ended' && answer.was === 'held';
          answered.call(this, seat, call, isOfLease ? { ...answer, token } : answer, exchange, room);
        };
      }),
  },
  {
    does: 'tells its caller that it has given up, and withdraws nothing',
    put: () =>
      instead(Desk.prototype, 'giveUp', () => {
        return function (this: Desk, seat: Seat): void {
          seat.listener.settled(ACQUIRER, { kind: 'failed', error: 'aborted' });
          seat.listener = SILENT;
        };
      }),
  },
  {
    does: 'takes a lease that has lingered to its end, which the machine slept through',
    shownBy: 'asleep',
    put: () =>
      instead(Request.prototype, 'mayBeTaken', () => {
        return function (this: Request, now: Now): boolean {
          return this.state === 'lingering' && now.ms < this.lingerEndMs;
        };
      }),
  },
];

const SILENT: RequestListener = { told: () => undefined, settled: () => undefined, aborted: () => undefined };
