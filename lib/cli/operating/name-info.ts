import { checkedName } from '../../options/names.js';
import { lockSnapshot, type LockSnapshot } from '../../lock-info.js';
import type { LockProcedures } from '../../schema/lock-procedures.js';
import { PAGE_SIZE, type AskPage } from './every-page.js';

/** Who holds a name and who waits for it. @throws LockOptionsError for what is no name */
export async function nameInfo(
  procedures: Pick<LockProcedures, 'query'>,
  name: string,
): Promise<LockSnapshot> {
  return lockSnapshot(await procedures.query(checkedName(name)));
}

/** Who holds and who waits, of the names after one. */
export function pageOf(procedures: Pick<LockProcedures, 'query'>): AskPage {
  return async (after) => lockSnapshot(await procedures.query(null, after, PAGE_SIZE));
}
