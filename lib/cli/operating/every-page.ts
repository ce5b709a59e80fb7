import type { LockSnapshot } from '../../lock-info.js';

/** Names that one call asks for. */
export const PAGE_SIZE = 200;

/** Asks for those names that come after one. */
export type AskPage = (after: string) => Promise<LockSnapshot>;

/** All names in their order, a page at a time: each as of the moment when it was asked for. */
export async function* everyPage(ask: AskPage): AsyncGenerator<LockSnapshot> {
  let after: string | undefined = '';
  while (after !== undefined) {
    const snapshot: LockSnapshot = await ask(after);
    yield snapshot;
    after = snapshot.next;
  }
}
