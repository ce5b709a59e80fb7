import type { LockError } from '../errors.js';

export interface ConnectionLifeOptions {
  readonly connectTimeoutMs: number;
  /** The connection did not open in time: it must call `end` with the reason, and cut its socket. */
  readonly onTimeout: () => void;
  /** It was open and is over. */
  readonly onClose: (reason: LockError) => void;
}

/** What every connection goes through, whatever carries it: opening, open, over, each once and in this order. */
export class ConnectionLife {
  readonly opened: Promise<void>;
  readonly #onClose: (reason: LockError) => void;
  readonly #limit: NodeJS.Timeout;
  #state: 'opening' | 'open' | 'over' = 'opening';
  #resolve: () => void = () => undefined;
  #reject: (reason: LockError) => void = () => undefined;

  constructor({ connectTimeoutMs, onTimeout, onClose }: ConnectionLifeOptions) {
    this.#onClose = onClose;
    this.#limit = setTimeout(onTimeout, connectTimeoutMs);
    this.opened = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isOpening(): boolean {
    return this.#state === 'opening';
  }

  get isOpen(): boolean {
    return this.#state === 'open';
  }

  get isOver(): boolean {
    return this.#state === 'over';
  }

  open(): void {
    if (this.#state !== 'opening') return;
    clearTimeout(this.#limit);
    this.#state = 'open';
    this.#resolve();
  }

  /** The first reason counts; what comes after the end changes nothing. */
  end(reason: LockError): void {
    const was = this.#state;
    this.#state = 'over';
    clearTimeout(this.#limit);
    if (was === 'opening') this.#reject(reason);
    if (was === 'open') this.#onClose(reason);
  }
}
