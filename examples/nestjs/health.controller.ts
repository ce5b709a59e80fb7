import { Controller, Get, HttpException, Inject } from '@nestjs/common';
import { type LockHealth, LockHealthIndicator } from 'thingsdb-lock/nestjs';

/** For a readiness probe. With `@nestjs/terminus`: `health.check([() => locks.isHealthy('locks')])`. */
@Controller('health')
export class HealthController {
  constructor(@Inject(LockHealthIndicator) private readonly locks: LockHealthIndicator) {}

  @Get()
  async check(): Promise<LockHealth> {
    const health = await this.locks.check();
    if (health.status === 'down') throw new HttpException(health, 503);
    return health;
  }
}
