import { withConstants } from '../../lib/schema/constants.js';
import { installCode } from '../../lib/schema/install-code.js';

/**
 * A schema with one thing wrong that its clients can suffer from: in its source a text is replaced by another. What they
 * only feel as a short delay, or never ask for, is left to the model (spec/model/wrong-servers.ts).
 */
export interface WrongServer {
  readonly does: string;
  readonly of: string;
  readonly instead: string;
}

export const WRONG_SERVERS: readonly WrongServer[] = [
  { does: 'lets one more hold than may', of: 'sum[0] <= sum[1];', instead: 'sum[0] <= sum[1] + 1;' },
  { does: 'minds only its own limit', of: 'limit < sum[1] ? limit : sum[1]', instead: 'limit' },
  {
    does: 'grants a newcomer before those who wait',
    of: 'is_nil(s.fn.head(q)) && s.fn.fits',
    instead: 's.fn.fits',
  },
  {
    does: 'grants the head of one queue that waits in another',
    of: 's.fn.head(q) == r && s.fn.fits(s, q, r.units, r.limit)',
    instead: 's.fn.fits(s, q, r.units, r.limit)',
  },
  { does: 'gives the same token twice', of: 's.token < at ? at : s.token + 1', instead: 'at' },
  {
    does: 'ends a lease early',
    of: 'r.due = due;\n    s.fn.arm(s, due / 1000000);\n    // Who',
    instead: 'r.due = due - 60000;\n    s.fn.arm(s, due / 1000000);\n    // Who',
  },
  {
    does: 'takes in what was withdrawn',
    of: 's.tombstones && s.tombstones.has(`:{o[1]}`)',
    instead: 'false',
  },
  {
    does: 'frees at once what is to be kept',
    of: 's.fn.renew(s, r, call.at, o[3]);\n    [$TOLD_ENDED',
    instead: 's.fn.finish(s, r, call.at);\n    [$TOLD_ENDED',
  },
  { does: 'pushes no grant', of: "r.inbox.room.emit('granted',", instead: "r.inbox.room.emit('none'," },
  {
    does: 'keeps the place of a request that nobody stands behind',
    of: '&& !r.missed',
    instead: '',
  },
  {
    does: 'does not take an acknowledgement for a sign of life',
    of: 'r.state = $HELD;\n    s.fn.renew(s, r, at, r.ttl);',
    instead: '',
  },
];

/** The code that installs it. Throws where the schema has no such text any more: then say how it is wrong now. */
export function installCodeOf({ does, of, instead }: WrongServer): string {
  const code = installCode();
  const [text, other] = [withConstants(of), withConstants(instead)];
  if (!code.includes(text)) throw new Error(`a server that ${does}: not in the schema's source: ${of}`);
  return code.replaceAll(text, () => other);
}
