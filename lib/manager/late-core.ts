import { detached } from '../async/detached.js';
import { loaded } from '../async/loaded.js';
import type { ManagerInfo } from '../diagnostics/messages.js';
import { LockClosedError, LockError } from '../errors.js';
import type { ResolvedManagerOptions } from '../options/resolved-manager-options.js';
import type { LockCore, ManagerCore, ManagerListener, SharedTerms } from './manager-core.js';
import { withOwnError } from './own-error.js';

type MakesCore = new (...of: ConstructorParameters<typeof ManagerCore>) => ManagerCore;
type LoadCore = () => Promise<{ readonly ManagerCore: MakesCore }>;

/**
 * The core of a manager, loaded by the first call that needs it. Calls are passed on to it in their order, also those
 * that come while it is loaded.
 */
export class LateCore implements LockCore {
  readonly info: ManagerInfo;
  readonly shared: SharedTerms;
  readonly #options: ResolvedManagerOptions;
  readonly #listener: ManagerListener;
  readonly #import: LoadCore;
  #core: ManagerCore | undefined;
  #loading: Promise<ManagerCore> | undefined;
  /** How many wait for it. Whoever comes later comes behind them, even if it has been loaded by then. */
  #waiting = 0;
  #closing: Promise<void> | undefined;
  #isDraining = false;

  constructor(
    options: ResolvedManagerOptions,
    owner: string,
    listener: ManagerListener,
    importCore: LoadCore = () => import('./manager-core.js'),
  ) {
    const { collection, prefix, clockSkew, requestTimeout } = options;
    this.info = Object.freeze({ collection, prefix, owner });
    this.shared = { clockSkewMs: clockSkew, doubtMs: requestTimeout };
    this.#options = options;
    this.#listener = listener;
    this.#import = importCore;
  }

  get state(): ManagerCore['state'] {
    if (this.#closing !== undefined) return 'closed';
    const state = this.#core?.state ?? 'open';
    return state === 'open' && this.#isDraining ? 'draining' : state;
  }

  get loaded(): ManagerCore | undefined {
    this.assertOpen();
    return this.#waiting > 0 ? undefined : this.#core;
  }

  async whenLoaded<T>(use: (core: ManagerCore) => T | Promise<T>): Promise<T> {
    this.assertOpen();
    return this.#inTurn((core) => {
      this.assertOpen();
      return use(core);
    });
  }

  /** @throws if the manager is closed: said before anything is sent */
  assertOpen(): void {
    if (this.#closing !== undefined) throw new LockClosedError();
    this.#core?.assertOpen();
  }

  /** See `ManagerCore.drain`. */
  async drain(waitMs: number): Promise<boolean> {
    this.#isDraining = true;
    const isIdle = await this.#ifNeeded((core) => core.drain(waitMs));
    if (isIdle !== undefined) return isIdle;
    await this.close();
    return true;
  }

  /** See `ManagerCore.close`. */
  close(): Promise<void> {
    this.#closing ??= this.#ifNeeded((core) => core.close());
    return this.#closing;
  }

  /** Does nothing where nobody has needed the core. Nor where it could not be loaded: whoever needed it hears of that. */
  async #ifNeeded<T>(use: (core: ManagerCore) => Promise<T>): Promise<T | undefined> {
    if (this.#loading === undefined) return undefined;
    try {
      return await this.#inTurn(use);
    } catch (error) {
      if (error instanceof LockError) return undefined;
      throw error;
    }
  }

  /** At once if it is loaded. */
  async #inTurn<T>(use: (core: ManagerCore) => T | Promise<T>): Promise<T> {
    if (this.#core !== undefined && this.#waiting === 0) return use(this.#core);
    this.#waiting++;
    let core: ManagerCore;
    try {
      this.#loading ??= detached(() => this.#load());
      core = await withOwnError(this.#loading);
    } finally {
      this.#waiting--;
    }
    return use(core);
  }

  async #load(): Promise<ManagerCore> {
    try {
      const { ManagerCore } = await loaded(this.#import());
      return (this.#core = new ManagerCore(this.#options, this.info, this.#listener));
    } catch (error) {
      // The next call tries again.
      this.#loading = undefined;
      throw error;
    }
  }
}
