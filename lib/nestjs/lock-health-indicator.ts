import { Inject, Injectable } from '@nestjs/common';
import { ModuleRef } from '@nestjs/core';
import { isLockError, type LockErrorCode } from '../errors.js';
import { getLockManagerToken } from './manager-token.js';

/** Any name does: nobody takes it. */
const ASKED_NAME = 'thingsdb-lock health';

/** Whether ThingsDB answers for locks. */
export interface LockHealth {
  readonly status: 'up' | 'down';
  /** How long the answer took, in milliseconds. */
  readonly responseMs: number;
  /** Why it is down. What the error says more is not told to whoever asks for the health of a service. */
  readonly code?: LockErrorCode | undefined;
}

/**
 * Tells whether locks can be used. The manager asks ThingsDB for a lock that nobody takes, which changes nothing. This is
 * for readiness: a process is not dead because its server is away. It takes as long as the manager's `requestTimeout` at
 * most. Locks are down too while the manager drains at the end of the application.
 */
@Injectable()
export class LockHealthIndicator {
  readonly #moduleRef: ModuleRef;

  /** @internal */
  constructor(@Inject(ModuleRef) moduleRef: ModuleRef) {
    this.#moduleRef = moduleRef;
  }

  /**
   * Whether locks can be used now. Does not reject for what the server does.
   *
   * @param manager the manager's name, if it has one
   */
  async check(manager?: string): Promise<LockHealth> {
    const locks = this.#moduleRef.get(getLockManagerToken(manager), { strict: false });
    // While it drains it would still answer this question, and take no lock.
    if (locks.state !== 'open') return { status: 'down', responseMs: 0, code: 'LOCK_CLOSED' };
    const startMs = performance.now();
    const responseMs = (): number => Math.round(performance.now() - startMs);
    try {
      await locks.isLocked(ASKED_NAME);
      return { status: 'up', responseMs: responseMs() };
    } catch (error) {
      if (!isLockError(error)) throw error;
      return { status: 'down', responseMs: responseMs(), code: error.code };
    }
  }

  /**
   * For `@nestjs/terminus`, whose `HealthCheckService.check` takes functions of this kind.
   *
   * @param key what the result is called
   * @throws Error that Terminus takes for a result, if locks are down
   *
   * @example
   * this.health.check([() => this.locks.isHealthy('locks')]);
   */
  async isHealthy<K extends string>(key: K, manager?: string): Promise<Record<K, LockHealth>> {
    const health = await this.check(manager);
    const result = { [key]: health } as Record<K, LockHealth>;
    if (health.status === 'up') return result;
    throw Object.assign(new Error(`locks are down: ${health.code ?? ''}`), {
      // By these Terminus 10 and 11 know what is no failure of the check itself.
      ...{ isHealthCheckError: true, causes: result },
    });
  }
}
