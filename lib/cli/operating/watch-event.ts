import type { WatchedEvent, WatchedLossEvent } from '../../lock-watch.js';
import type { JsonRecord } from '../output.js';
import type { Paint, Palette } from '../palette.js';
import { printable, quoted } from '../printable.js';

/** What has happened to a name; `ended` is told where it is not known how. */
export type Happening =
  'acquired' | 'released' | 'expired' | 'lost' | 'ended' | 'waiting' | 'waiting-no-more';

export interface HappeningInfo extends Partial<Pick<WatchedLossEvent, 'reason' | 'fencingToken'>> {
  readonly name: string;
  readonly owner: string;
  readonly mode: WatchedEvent['mode'];
}

export function eventRecord(event: Happening, info: HappeningInfo): JsonRecord {
  const { name, owner, mode, fencingToken, reason } = info;
  return { type: 'event', at: new Date().toISOString(), event, name, owner, mode, fencingToken, reason };
}

/** `2026-11-26 00:10:02Z acquired "name" by owner, token 1`. */
export function eventText(event: Happening, info: HappeningInfo, palette: Palette): string {
  const { name, owner, mode, fencingToken, reason } = info;
  const at = `${new Date().toISOString().replace('T', ' ').slice(0, 19)}Z`;
  const kind = mode === 'exclusive' ? '' : ` (${mode})`;
  const token = fencingToken === undefined ? '' : `, token ${fencingToken}`;
  const why = reason === undefined ? '' : `: ${reason}`;
  const what = paintOf(event, palette)(event.padEnd('acquired'.length));
  return `${palette.dim(at)} ${what} ${quoted(name)} by ${printable(owner)}${kind}${token}${why}`;
}

function paintOf(event: Happening, { green, yellow, red, dim }: Palette): Paint {
  if (event === 'acquired') return yellow;
  if (event === 'released' || event === 'ended') return green;
  return event === 'lost' || event === 'expired' ? red : dim;
}
