import { Deferred } from '../../async/deferred.js';
import type { LockManager } from '../../index.js';
import type { LockWatch } from '../../lock-watch.js';
import type { Output } from '../output.js';
import { quoted } from '../printable.js';
import { eventRecord, eventText, type Happening, HAPPENINGS, type HappeningInfo } from './watch-event.js';

/** Tells what happens to some names, or to all, as the server tells it. */
export class NameWatch {
  readonly #manager: Pick<LockManager, 'watch'>;
  readonly #output: Output;

  constructor(manager: Pick<LockManager, 'watch'>, output: Output) {
    this.#manager = manager;
    this.#output = output;
  }

  /**
   * Until `ended` settles. No names are all names.
   * @throws LockOptionsError, LockConnectionError, also when a watch cannot be kept up
   */
  async until(names: readonly string[], ended: Promise<unknown>): Promise<void> {
    const failed = new Deferred<never>();
    const watches = await this.#open(names);
    for (const one of watches) this.#follow(one, (error) => failed.reject(error));
    const which =
      names.length === 0 ? 'all names' : watches.map(({ name = '' }) => quoted(name)).join(' and ');
    if (this.#output.isVerbose) this.#output.detail({ type: 'watching', names }, `watching ${which}`);
    else this.#output.hint(`watching ${which}, Ctrl-C ends it`);
    try {
      await Promise.race([ended, failed.promise]);
    } finally {
      for (const one of watches) one.close();
    }
  }

  #open(names: readonly string[]): Promise<LockWatch<string | undefined>[]> {
    if (names.length === 0) return Promise.all([this.#manager.watch()]);
    return Promise.all([...new Set(names)].map((name) => this.#manager.watch(name)));
  }

  #follow(one: LockWatch<string | undefined>, fail: (error: unknown) => void): void {
    const tell = (event: Happening, info: HappeningInfo): void => {
      this.#output.result(eventRecord(event, info), eventText(event, info, this.#output.palette));
    };
    for (const event of HAPPENINGS) one.on(event, (info) => tell(event, info));
    one.on('resumed', () =>
      this.#output.warning('the connection was lost and is back: what happened meanwhile was not seen'),
    );
    one.on('error', fail);
  }
}
