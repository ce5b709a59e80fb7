/**
 * How many there are of each item. Whoever holds the lock {@link STOCK_LOCK} reads and writes it, under its fencing
 * token.
 */
export interface Stock {
  /**
   * How many there are; 0 of what was never written. Shows the token too. What an earlier holder sends from now on is
   * refused. So what is read here is still true when it is written back.
   */
  read(item: string, fencingToken: number): Promise<number>;
  /** Writes nothing and rejects when the token is not the newest. */
  write(item: string, count: number, fencingToken: number): Promise<void>;
}

/** The name of the lock that protects the stock. */
export const STOCK_LOCK = 'stock';
