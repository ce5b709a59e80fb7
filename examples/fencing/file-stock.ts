import { readFile } from 'node:fs/promises';
import { type FencingEntry, FencingGuard } from 'thingsdb-lock';
import { replaceFile } from './replace-file.js';
import { type Stock, STOCK_LOCK } from './stock.js';

/** What stands in the file: the data, and the newest tokens under which it was written. */
interface Stored {
  readonly counts: Readonly<Record<string, number>>;
  readonly tokens: readonly FencingEntry[];
}

/**
 * The stock in a file. One process owns the file, and all others ask it (over HTTP, say). A file cannot look at a token
 * itself. The tokens are part of the file. So they are as old as the data, also after the process was killed.
 */
export class FileStock implements Stock {
  readonly #path: string;
  readonly #guard: FencingGuard;
  #counts: ReadonlyMap<string, number>;
  /** Settles when all that was asked for before is done. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(path: string, { counts, tokens }: Stored) {
    this.#path = path;
    this.#counts = new Map(Object.entries(counts));
    this.#guard = new FencingGuard(tokens);
  }

  /** Reads the file, if there is one. */
  static async open(path: string): Promise<FileStock> {
    const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '{"counts":{},"tokens":[]}';
      throw error;
    });
    return new FileStock(path, JSON.parse(text) as Stored);
  }

  /** @throws StaleTokenError */
  read(item: string, fencingToken: number): Promise<number> {
    return this.#inTurn(async () => {
      this.#guard.check(STOCK_LOCK, fencingToken);
      // The token has to outlive this process: the next one must not let an older holder write after this.
      await this.#store(this.#counts);
      return this.#counts.get(item) ?? 0;
    });
  }

  /** @throws StaleTokenError */
  write(item: string, count: number, fencingToken: number): Promise<void> {
    return this.#inTurn(async () => {
      this.#guard.check(STOCK_LOCK, fencingToken);
      await this.#store(new Map(this.#counts).set(item, count));
    });
  }

  /** If it rejects, the data is as it was. The guard may know a newer token than the file: that refuses too much, if anything. */
  async #store(counts: ReadonlyMap<string, number>): Promise<void> {
    const stored: Stored = { counts: Object.fromEntries(counts), tokens: [...this.#guard.entries()] };
    await replaceFile(this.#path, JSON.stringify(stored));
    this.#counts = counts;
  }

  #inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined);
    return result;
  }
}
