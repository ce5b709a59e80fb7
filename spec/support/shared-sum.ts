import type { BackEnd } from './back-end.js';

/** By a change: a node of a cluster that lags would tell an older number. */
const READ = 'wse(); .sum;';

/**
 * A number in a collection of its own. It is read and written back by two requests: who adds to it without holding a lock
 * loses what others add.
 */
export class SharedSum implements AsyncDisposable {
  readonly scope: string;
  readonly #backEnd: BackEnd;
  readonly #collection: string;

  private constructor(backEnd: BackEnd) {
    this.#backEnd = backEnd;
    this.#collection = `${backEnd.collection}_sum`;
    this.scope = `//${this.#collection}`;
  }

  /** The number is 0. */
  static async make(backEnd: BackEnd): Promise<SharedSum> {
    const sum = new SharedSum(backEnd);
    await backEnd.query('new_collection(name);', { name: sum.#collection }, '@thingsdb');
    await sum.#write(0);
    return sum;
  }

  async read(): Promise<number> {
    return (await this.#backEnd.query(READ, {}, this.scope)) as number;
  }

  async addOne(): Promise<void> {
    await this.#write((await this.read()) + 1);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#backEnd.query('del_collection(name);', { name: this.#collection }, '@thingsdb');
  }

  async #write(number: number): Promise<void> {
    await this.#backEnd.query('.sum = number;', { number }, this.scope);
  }
}
