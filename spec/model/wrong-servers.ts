import { installCode } from '../../lib/schema/install-code.js';

/** A schema with one thing wrong: in the source of its procedures and functions a text is replaced by another. */
export interface WrongServer {
  readonly does: string;
  readonly instead: string;
  readonly of: string;
}

export const WRONG_SERVERS: readonly WrongServer[] = [
  {
    does: 'lets one more hold than may',
    of: '(|sum, t| sum + t.want, want) <=',
    instead: '(|sum, t| sum + t.want, want) - 1 <=',
  },
  {
    does: 'minds only its own limit',
    of: '<= q.held.reduce(|least, t| t.limit < least ? t.limit : least, limit)',
    instead: '<= limit',
  },
  {
    does: 'grants a newcomer before those who wait',
    of: '!q.waiting && .thingsdb_lock.fn.fits',
    instead: '.thingsdb_lock.fn.fits',
  },
  {
    does: 'grants the head of one queue that waits in another',
    of: 'other.waiting.first() == t && s.fn.fits',
    instead: 's.fn.fits',
  },
  {
    does: 'grants one of several that fit together',
    of: 'if (taken > limit) break;',
    instead: 'if (taken > limit || n == 1) break;',
  },
  { does: 'forgets the other queues that move', of: 'moved.push(name);', instead: '' },
  { does: 'tells nobody who is next', of: '            s.fn.forewarn(s, q, at);', instead: '' },
  {
    does: 'tells of the lease that ends last',
    of: '|least, due| due < least ?',
    instead: '|least, due| due > least ?',
  },
  { does: 'gives the same token twice', of: 's.token < at ? at : s.token + 1', instead: 'at' },
  {
    does: 'withdraws a dead process from one-name queues only',
    of: 'if (t.held) return nil;\n        s.fn.leave',
    instead: 'if (t.held || t.names.len() > 1) return nil;\n        s.fn.leave',
  },
  {
    does: 'does not tell whose lease was taken',
    of: "t.inbox && t.inbox.room.emit('lost', t.number, why);",
    instead: '',
  },
  {
    does: 'does not remember whose lease was taken',
    of: "t.key[0] == ':' && s.fn.remember",
    instead: 'false && s.fn.remember',
  },
  { does: 'steals without a word to those who watch', of: "s.fn.tell(s, t, 'lost', why);", instead: '' },
  {
    does: 'tells those who watch of a withdrawal',
    of: "held && s.fn.tell(s, t, 'released', 0);",
    instead: "s.fn.tell(s, t, 'released', 0);",
  },
  {
    does: 'tells of one name only',
    of: 't.names.each(|name| {\n        w = s.watches',
    instead: '[t.names[0]].each(|name| {\n        w = s.watches',
  },
  {
    does: 'revives what has expired',
    of: 'if (!t || !t.held || t.due <= at) return s.fn.gone(s, lease[0], at);',
    instead: 'if (!t || !t.held) return s.fn.gone(s, lease[0], at);',
  },
  {
    does: 'leaves what is kept in its inbox',
    of: 't.inbox.tickets.remove(t);\n        t.inbox = nil;',
    instead: '',
  },
  {
    does: 'lets the one before go on after a lease was adopted',
    of: 's.tickets.del(t.key);\n    t.key = key;',
    instead: 't.key = key;',
  },
  { does: 'asks nobody whether it lives', of: 'box.seen + 900000 <= at', instead: 'false' },
  { does: 'buries those who live', of: 'box.probe = 0;\n        box.seen = at;', instead: 'box.seen = at;' },
  {
    does: 'lets the dead keep others waiting',
    of: 'return box.probe > at ? [] : s.fn.bury(s, box);',
    instead: 'return [];',
  },
  {
    does: 'does not tell one behind the dead to ask',
    of: 't && s.fn.late(t, at) && s.fn.warn(t, at, at);',
    instead: '',
  },
  { does: 'fences nobody off', of: 't.token == token && t.due > at', instead: 't.due > at' },
  {
    does: 'asks one holder of several',
    of: "holders.each(|t| t.inbox.room.emit('asked'",
    instead: "holders[0:1].each(|t| t.inbox.room.emit('asked'",
  },
  { does: 'counts no holders ahead', of: '0, 0, n + i]', instead: '0, 0, i]' },
  { does: 'shows a page too little', of: 'names = names[0:count]', instead: 'names = names[0:count - 1]' },
  {
    does: 'leaves seconds in which nothing is due',
    of: 'bucket.items || s.due.del(`:{item.sec}`);',
    instead: '',
  },
  {
    does: 'ends a lease early',
    of: 'filter(|t| t.due <= at).each',
    instead: 'filter(|t| t.due <= at + 200000).each',
  },
];

/** The code that installs it. Throws where the schema has no such text any more: then say how it is wrong now. */
export function installCodeOf({ does, of, instead }: WrongServer): string {
  const code = installCode();
  if (!code.includes(of)) throw new Error(`a server that ${does}: not in the schema's source: ${of}`);
  return code.replaceAll(of, () => instead);
}
