import type { User } from '../accounts/user.js';
import { cost, spendMemory } from '../budget.js';
import type { Closure } from './closure.js';
import type { ErrorValue } from './error-value.js';
import type { Value } from './value.js';

/** A closure that runs at a time. */
export class Task {
  readonly kind = 'task';
  readonly typeName = 'task';
  /** 0 once it is deleted. */
  id = 0n;
  /** Seconds since the epoch; `null`: cancelled, done or failed. */
  runAt: number | null = null;
  closure: Closure | null = null;
  args: Value[] = [];
  owner: User | null = null;
  /** How it ended last: code 0 is a success. */
  error: ErrorValue | null = null;
  isRunning = false;
  /** `again_in` or `again_at` was called while it runs. */
  hasNext = false;

  constructor() {
    spendMemory(cost.thing);
  }
}
