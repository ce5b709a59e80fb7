import { Deferred } from '../../async/deferred.js';
import type { LockManager } from '../../index.js';
import type { LockWatch, WatchedEvent, WatchedLossEvent } from '../../lock-watch.js';
import type { Output } from '../output.js';
import { eventRecord, eventText, type Happening } from './watch-event.js';

/** Tells what happens to some names, as the server tells it. */
export class NameWatch {
  readonly #manager: Pick<LockManager, 'watch'>;
  readonly #output: Output;

  constructor(manager: Pick<LockManager, 'watch'>, output: Output) {
    this.#manager = manager;
    this.#output = output;
  }

  /** Until `ended` settles. @throws LockOptionsError, LockConnectionError, also when a watch cannot be kept up */
  async until(names: readonly string[], ended: Promise<unknown>): Promise<void> {
    const failed = new Deferred<never>();
    const watches = await Promise.all([...new Set(names)].map((name) => this.#manager.watch(name)));
    for (const one of watches) this.#follow(one, (error) => failed.reject(error));
    this.#output.detail({ type: 'watching', names }, `watching ${names.length} names`);
    try {
      await Promise.race([ended, failed.promise]);
    } finally {
      for (const one of watches) one.close();
    }
  }

  #follow(one: LockWatch, fail: (error: unknown) => void): void {
    const tell = (event: Happening, info: WatchedEvent | WatchedLossEvent): void => {
      this.#output.result(eventRecord(event, info), eventText(event, info, this.#output.palette));
    };
    one.on('acquired', (info) => tell('acquired', info));
    one.on('released', (info) => tell('released', info));
    one.on('expired', (info) => tell('expired', info));
    one.on('lost', (info) => tell('lost', info));
    one.on('resumed', () =>
      this.#output.warning('the connection was lost and is back: what happened meanwhile was not seen'),
    );
    one.on('error', fail);
  }
}
