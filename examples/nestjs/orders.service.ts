import { setTimeout as sleep } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import type { Lease } from 'thingsdb-lock';
import { CurrentLease, Exclusive, Shared } from 'thingsdb-lock/nestjs';

/** What was done for an order, with the fencing token it was done under. */
export interface Receipt {
  readonly order: string;
  readonly fencingToken: number | undefined;
}

const WORK_MS = Number(process.env['WORK_MS'] ?? 500);

@Injectable()
export class OrdersService {
  /**
   * Of all processes of this application one at a time pays an order. Different orders do not wait for each other.
   * Should this process be killed meanwhile, the next one follows 2 seconds after the last renewal.
   */
  @Exclusive((id: string) => `order ${id}`, { ttl: '2s', waitTimeout: '10s' })
  async pay(id: string, @CurrentLease() lease?: Lease): Promise<Receipt> {
    console.log(`paying order ${id}`);
    // The work ends at once should the lease be lost.
    await sleep(WORK_MS, undefined, lease === undefined ? {} : { signal: lease.signal });
    console.log(`order ${id} is paid`);
    return { order: id, fencingToken: lease?.fencingToken };
  }

  /** Many may read at once, but not while one pays. */
  @Shared((id: string) => `order ${id}`, { waitTimeout: '10s' })
  async read(id: string): Promise<{ readonly order: string }> {
    await sleep(WORK_MS / 10);
    return { order: id };
  }

  /** For a scheduler that runs in each process: one of them does it, the others do nothing. */
  @Exclusive('nightly report', { skipIfTaken: true, minHold: '1m' })
  async nightly(): Promise<void> {
    await sleep(WORK_MS);
    console.log('the nightly report is written');
  }
}
