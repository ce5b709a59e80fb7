import { withConstants } from '../../lib/schema/constants.js';
import { installCode } from '../../lib/schema/install-code.js';
import type { Kind } from '../simulation/plans.js';

/**
 * A schema with one thing wrong: in the source of its procedures and functions a text is replaced by another. The model
 * (spec/suites/model.spec.ts) must find all of them, and the simulation (spec/simulation) all that its clients can feel.
 */
export interface WrongServer {
  readonly does: string;
  readonly of: string;
  readonly instead: string;
  /** The kind of run that shows it; without one, runs of all kinds are tried. */
  readonly shownBy?: Kind;
}

export const WRONG_SERVERS: readonly WrongServer[] = [
  { does: 'lets one more hold than may', of: 'taken <= least', instead: 'taken - 1 <= least' },
  { does: 'minds only its own limit', of: 'limit < sum[1] ? limit : sum[1]', instead: 'limit' },
  {
    does: 'grants a newcomer before those who wait',
    of: 'is_nil(s.fn.head(q)) && s.fn.fits',
    instead: 's.fn.fits',
  },
  {
    does: 'grants the head of one queue that waits in another',
    of: 'if (line[o.place] != r) return false;',
    instead: '',
  },
  {
    does: 'grants one of several that fit together',
    of: 'if (!sum[2] ||',
    instead: 'if (ready || !sum[2] ||',
    shownBy: 'mixed',
  },
  {
    does: 'forgets the other queues that move',
    of: 'other == name || moved.push(other);',
    instead: '',
  },
  {
    does: 'tells nobody who is next',
    of: 's.fn.tell_heads(s, touched, at);',
    instead: '',
    shownBy: 'orphans',
  },
  {
    does: 'tells of the lease that ends last',
    of: 'if (holder.due < first) first = holder.due',
    instead: 'if (first == $NEVER_US || holder.due > first) first = holder.due',
    shownBy: 'orphans',
  },
  { does: 'gives the same token twice', of: 's.token < at ? at : s.token + 1', instead: 'at' },
  {
    does: 'sets a silent process aside in one-name queues only',
    of: 'aside = s.waiting.values().filter(|r| r.state == $WAITING &&',
    instead: 'aside = s.waiting.values().filter(|r| r.names.len() == 1 && r.state == $WAITING &&',
    shownBy: 'deaths',
  },
  {
    does: 'does not tell whose lease was taken',
    of: "r.inbox.room.emit('lost', r.number, why);",
    instead: '',
  },
  {
    does: 'does not remember whose lease was taken',
    of: 's.fn.bury(s, r.id, at, why);\n                r.inbox',
    instead: 'r.inbox',
  },
  {
    does: 'steals without a word to those who watch',
    of: "if (s.watches) s.fn.tell(s, r, at, 'lost', why);",
    instead: '',
  },
  {
    does: 'tells those who watch that a withdrawn request was released',
    of: "r.state >= $GRANTED ? 'released' : 'withdrawn', 0);\n    s.fn.promote(s, r.names",
    instead: "'released', 0);\n    s.fn.promote(s, r.names",
  },
  {
    does: 'tells of one name only',
    of: 'r.names.each(|name| {\n        one =',
    instead: '[r.names[0]].each(|name| {\n        one =',
  },
  {
    does: 'tells only those who watch a name, where others watch all',
    of: 'for (w in [one, all])',
    instead: 'for (w in [one || all])',
  },
  {
    does: 'tells nobody of those who wait',
    of: "if (s.watches) s.fn.tell(s, r, at, 'waiting', 0);\n    soon",
    instead: 'soon',
  },
  {
    does: 'tells nobody who is forgotten',
    of: "if (s.watches) gone.each(|r| s.fn.tell(s, r, at, 'withdrawn', 0));",
    instead: '',
    shownBy: 'deaths',
  },
  {
    does: 'tells nobody whose a lease is now',
    of: "if (s.watches) s.fn.tell(s, r, call.at, 'adopted', 0);",
    instead: '',
  },
  {
    does: 'counts a lease from the wait before it',
    of: "s.fn.tell(s, r, at, 'acquired', 0);\n    r.since = at;",
    instead: "s.fn.tell(s, r, at, 'acquired', 0);",
  },
  {
    does: 'revives what has expired',
    of: 'if (!s.fn.is_live(r, call.at)) return s.fn.gone(s, o[2]);\n    if (o.len()',
    instead: 'if (!r || r.state < $GRANTED || r.state == $KEPT) return s.fn.gone(s, o[2]);\n    if (o.len()',
    shownBy: 'late',
  },
  {
    does: 'leaves what is kept in its inbox',
    of: "r.inbox = {id: '', room: nil, owner: r.inbox.owner};",
    instead: '',
    shownBy: 'usual',
  },
  { does: 'lets the one before go on after a lease was adopted', of: 'r.id = o[3];', instead: '' },
  {
    does: 'probes nobody',
    of: 'box.seen + $PROBE_US <= at',
    instead: 'false',
    shownBy: 'deaths',
  },
  {
    does: 'silences those who live',
    of: 'box.seen = box.probe - $ACKNOWLEDGE_US;\n        box.probe = 0;',
    instead: 'box.seen = at;',
  },
  {
    does: 'lets the silent keep others waiting',
    of: 'if (box.probe) return s.fn.silence(s, [box], at);',
    instead: 'if (box.probe) return [];',
    shownBy: 'deaths',
  },
  {
    does: 'does not tell one behind the silent to ask',
    of: 'blocked && s.fn.asks_late(blocked, at) && s.fn.ask(blocked, at, at);',
    instead: '',
    shownBy: 'deaths',
  },
  {
    does: 'silences who has just called',
    of: 'box != caller && !seen.has(box)',
    instead: '!seen.has(box)',
    shownBy: 'ages',
  },
  {
    does: 'puts the silent last when they are back',
    of: 'if (is_nil(i)) line.push(r) else line.splice(i, 0, r);',
    instead: 'line.push(r);',
    shownBy: 'stopped',
  },
  {
    does: 'gives the silent their places back after any time',
    of: 'if (box.silent <= at) return s.fn.promote(s, s.fn.forget(s, [box], at), at);',
    instead: '',
    shownBy: 'ages',
  },
  {
    does: 'keeps the places of the silent for ever',
    of: 'if (silent) s.fn.promote(s, s.fn.forget(s, silent, at), at);',
    instead: '',
  },
  { does: 'keeps the places of a request that nobody knows', of: ' && !r.missed;', instead: ';' },
  {
    does: 'takes a process that asks about its request for one that does not know it',
    of: 'if (r.state == $WAITING && r.missed) r.missed = false;',
    instead: '',
    shownBy: 'stopped',
  },
  { does: 'grants the silent', of: 'if (r.state == $SILENT) continue;', instead: '' },
  {
    does: 'takes no acknowledgement',
    of: 'if (r.state != $GRANTED || r.due <= at) return nil;',
    instead: 'return nil;',
  },
  {
    does: 'proves a grant by the secret half of the id',
    of: 'r.id[0:$PROOF_BYTES]',
    instead: 'r.id[$PROOF_BYTES:]',
  },
  {
    does: 'takes in what was withdrawn',
    of: 'if (s.tombstones && s.tombstones.has(`:{o[1]}`)) return s.fn.gone(s, o[1]);',
    instead: '',
    shownBy: 'doubled',
  },
  {
    does: 'takes one id in for two names',
    of: ' || (other && other != r)',
    instead: '',
  },
  {
    does: 'makes a change of what changes nothing',
    of: 'if (answer) answers.push(answer)',
    instead: 'if (false) answers.push(answer)',
  },
  {
    does: 'removes an inbox that somebody holds in',
    of: 'for (key, q in s.locks) for (r in q.held) if (r.inbox.id && r.inbox.due <= at) r.inbox.due = at + $IDLE_US;',
    instead: '',
    shownBy: 'ages',
  },
  {
    does: 'does not come back for what is remembered',
    of: 'if (next < $NEVER_US) s.fn.arm(s, next / 1000000);',
    instead: '',
  },
  {
    does: 'has any number of names watched',
    of: 'name && s.watches.len() >= $MAX_WATCHES',
    instead: 'false',
    shownBy: 'ages',
  },
  {
    does: 'refuses to have all names watched',
    of: 'name && s.watches.len() >= $MAX_WATCHES',
    instead: 's.watches.len() >= $MAX_WATCHES',
    shownBy: 'ages',
  },
  {
    does: 'fences nobody off',
    of: 'r.token == token && s.fn.is_live(r, at)',
    instead: 's.fn.is_live(r, at)',
  },
  {
    does: 'lets one write who has released, while the name is kept',
    of: 'r.token == token && s.fn.is_live(r, at)',
    instead: 'r.token == token && r.due > at',
  },
  {
    does: 'asks one holder of several',
    of: "holders.each(|r| r.inbox.room.emit('asked'",
    instead: "holders[0:1].each(|r| r.inbox.room.emit('asked'",
  },
  {
    does: 'tells nobody who may keep a name that it is wanted',
    of: "for (r in q.held) if (r.lingers) r.inbox.room.emit('wanted', r.number);",
    instead: '',
  },
  {
    does: 'asks once only for a name that may be kept',
    shownBy: 'unheard',
    of: 's.fn.is_lent(s, r) ||',
    instead: '',
  },
  {
    does: 'tells an heir that somebody wants what it never kept',
    of: 'if (r.lingers) r.lingers = false;',
    instead: '',
  },
  { does: 'counts no holders ahead', of: 'ahead = q.held.len();', instead: 'ahead = 0;' },
  { does: 'shows a page too little', of: 'names = names[0:size]', instead: 'names = names[0:size - 1]' },
  {
    does: 'ends a lease early',
    of: 'over = q.held.filter(|r| r.due <= at);',
    instead: 'over = q.held.filter(|r| r.due <= at + 200000);',
  },
  {
    does: 'ends a renewed lease early',
    of: 'r.due = due;\n    s.fn.arm(s, due / 1000000);\n    is_shorter',
    instead: 'r.due = due - 60000;\n    s.fn.arm(s, due / 1000000);\n    is_shorter',
  },
  {
    does: 'says of a release that it has ended the newest grant of all',
    of: 'answer = [$TOLD_ENDED, $WAS_HELD, r.token]',
    instead: 'answer = [$TOLD_ENDED, $WAS_HELD, s.token]',
  },
  {
    does: 'frees at once what is to be kept',
    of: 's.fn.renew(s, r, call.at, o[3]);\n    [$TOLD_ENDED',
    instead: 's.fn.finish(s, r, call.at);\n    [$TOLD_ENDED',
  },
  { does: 'pushes no grant', of: "r.inbox.room.emit('granted',", instead: "r.inbox.room.emit('none'," },
  {
    does: 'does not count a lease from its acknowledgement',
    of: 'r.state = $HELD;\n    s.fn.renew(s, r, at, r.ttl);',
    instead: '',
  },
];

/** The code that installs it. Throws where the schema has no such text any more: then say how it is wrong now. */
export function installCodeOf({ does, of, instead }: WrongServer): string {
  const code = installCode();
  // What is installed has no indentation.
  const [text = '', other = ''] = [of, instead].map((part) => withConstants(part).replace(/\n\s+/g, '\n'));
  if (!code.includes(text)) throw new Error(`a server that ${does}: not in the schema's source: ${of}`);
  return code.replaceAll(text, () => other);
}
