import { HELD_TTL_MS, isServed, type HangResult } from './hang-run.js';

/** What users saw while a node hung, for people. */
export function describeHang(result: HangResult): string {
  const { url, oldManagers, newManagers, longestOldMs, longestNewMs, acquires, rejected, lost, stoodMs } =
    result;
  return [
    `${url} hangs: ${isServed(result) ? 'all were served' : 'NOT as promised'}; ${acquires} grants`,
    `the longest acquire of ${oldManagers} old managers ${longestOldMs} ms, of ${newManagers} new ones ${longestNewMs} ms`,
    `rejected: ${told(rejected)}`,
    `leases of ${HELD_TTL_MS} ms lost: ${told(lost)}`,
    ...(stoodMs > 0
      ? [`another node made no change for ${stoodMs} ms, for a client without this library either`]
      : []),
  ].join('; ');
}

function told(all: readonly string[]): string {
  return all.length === 0 ? 'none' : `${all.length} (${[...new Set(all)].join('; ')})`;
}
