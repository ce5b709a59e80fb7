import type { Command } from '../../lib/request/commands.js';
import type { Input } from '../../lib/request/inputs.js';
import { MOVES, type State } from '../../lib/request/states.js';
import type { Terms } from '../../lib/request/request.js';
import { Script, shown } from './script.js';

/** How a request comes to be in each state. The call with the highest turn is open where the state needs one. */
const ARRIVALS: Readonly<Record<State, (terms?: Partial<Terms>) => Script>> = {
  asking: (terms) => arrived(terms, () => undefined),
  waiting: (terms) =>
    arrived(terms, (script) => {
      script.answer(1, script.waiting());
      script.input({ kind: 'ask', isSure: true });
    }),
  granted: (terms) =>
    arrived(terms, (script) => {
      script.answer(1, script.waiting());
      script.input(script.granted());
    }),
  held: (terms) =>
    arrived(terms, (script) => {
      script.answer(1, script.held());
      script.input({ kind: 'ask', isSure: true });
    }),
  lingering: (terms) =>
    arrived({ lingerMs: 1_000, ...terms }, (script) => {
      script.answer(1, script.held());
      // It is being renewed when its caller is done.
      script.pass(20_000);
      script.release();
    }),
  doubted: (terms) =>
    arrived(terms, (script) => {
      script.answer(1, script.held());
      script.sleptMs = 90_000;
      script.input({ kind: 'look' });
    }),
  ending: (terms) =>
    arrived(terms, (script) => {
      script.answer(1, script.held());
      script.input({ kind: 'release', caller: script.nextCaller() });
    }),
  over: (terms) =>
    arrived(terms, (script) => {
      script.answer(1, script.held());
      script.input({ kind: 'release', caller: script.nextCaller() });
      script.answer(2, script.ended());
    }),
};

function arrived(terms: Partial<Terms> = {}, come: (script: Script) => unknown): Script {
  const script = new Script();
  script.start(terms);
  come(script);
  return script;
}

type Happening = (script: Script) => readonly Command[];

const input =
  (made: Input | ((script: Script) => Input)): Happening =>
  (script) =>
    script.input(typeof made === 'function' ? made(script) : made);

/** The newest open call has come to this. */
const answered =
  (answer: (script: Script) => Parameters<Script['answer']>[1]): Happening =>
  (script) => {
    const turn = Math.max(...script.calls.keys());
    return turn > 0 ? script.answer(turn, answer(script)) : [];
  };
const failed =
  (how: 'unanswered' | 'refused'): Happening =>
  (script) => {
    const turn = Math.max(...script.calls.keys());
    return turn > 0 ? script.fail(turn, how) : [];
  };

/** Everything that can happen: the rows of the table. */
const HAPPENINGS: Readonly<Record<string, Happening>> = {
  'answer held': answered((script) => script.held()),
  'answer waiting': answered((script) => script.waiting()),
  'answer busy': answered((script) => ({ state: 'busy', due: script.serverUs() })),
  'answer gone': answered(() => ({ state: 'gone', why: undefined })),
  'answer stolen': answered(() => ({ state: 'gone', why: 'stolen' })),
  'answer refused': answered(() => ({ state: 'refused', code: -100 })),
  'answer ended held': answered((script) => script.ended()),
  'answer ended held, another grant': answered((script) => script.ended('held', 8)),
  unanswered: failed('unanswered'),
  refused: failed('refused'),
  handed: input((script) => script.handed(60_000, 9)),
  'handed, late': (script) => {
    script.ms += 100;
    return script.input(script.handed(50, 9, 100));
  },
  'push granted': input((script) => script.granted(800, 9)),
  'push granted, forged': input((script) => script.granted(800, 9, 'x'.repeat(16))),
  'push granted, late': input((script) => script.granted(-1, 9)),
  'push ask': input((script) => ({ kind: 'ask-at', ms: script.ms + 10 })),
  'push lost': input({ kind: 'lost' }),
  'push asked': input({ kind: 'asked', by: 'ops' }),
  'push wanted': input({ kind: 'wanted' }),
  ask: input({ kind: 'ask', isSure: true }),
  disconnected: input({ kind: 'disconnected' }),
  connected: input({ kind: 'connected' }),
  'cut off': input({ kind: 'cut-off', reason: 'gone' }),
  'give up': input({ kind: 'give-up', reason: 'enough' }),
  renew: input({ kind: 'renew' }),
  'renew, and it is due soon': (script) => {
    script.ms += 12_000;
    return script.input({ kind: 'renew' });
  },
  take: input({ kind: 'take' }),
  release: input((script) => ({ kind: 'release', caller: script.nextCaller() })),
  extend: input((script) => ({ kind: 'extend', caller: script.nextCaller(), ttlMs: 1000 })),
  transfer: input((script) => ({ kind: 'transfer', caller: script.nextCaller() })),
  close: input({ kind: 'close', reason: 'closed' }),
  look: input({ kind: 'look' }),
  'look, after the lease': (script) => {
    script.ms += 100_000;
    return script.input({ kind: 'look' });
  },
  'alarm, after the lease': (script) => {
    script.ms += 100_000;
    return script.input({ kind: 'alarm' });
  },
  'look, after a sleep': (script) => {
    script.sleptMs += 100_000;
    return script.input({ kind: 'look' });
  },
};

const STATES = Object.keys(MOVES) as State[];

/** What a row says: the state that follows, and what is done, in the order of the states. */
function cell(state: State, happening: Happening): string {
  const script = ARRIVALS[state]();
  const commands = happening(script).map(shownShortly);
  const next = script.request.state === state ? '' : `-> ${script.request.state}`;
  return [next, ...commands].filter((word) => word !== '').join(', ');
}

function shownShortly(command: Command): string {
  return shown(command)
    .replace(/^send #\d+ /, '')
    .replace(/ (as )?id-\d+.*$/, '')
    .replace(/^the acquirer/, 'acquirer')
    .replace(/^the signal aborts/, 'abort')
    .replace(/ ?(waitedMs|ahead|error|code)=\S*/g, '');
}

/**
 * For everything that can happen, what a request does about it in each state: the state that follows, and the commands.
 * Where a state is not named, nothing is done.
 */
const TABLE: Readonly<Record<string, Partial<Record<State, string>>>> = {
  'answer held': {
    asking: '-> held, tell acquired, acquirer: lease',
    waiting: '-> held, tell acquired, acquirer: lease',
    granted: '-> held',
    doubted: '-> held',
    ending: '-> over, caller 1: refused',
  },
  'answer waiting': {
    asking: '-> waiting, tell waiting',
    granted: '-> ending, abort: expired, release, tell expired, tell lost expired',
    lingering: '-> ending, release',
    held: '-> ending, abort: expired, release, tell expired, tell lost expired',
    doubted: '-> ending, abort: expired, release, tell expired, tell lost expired',
    ending: '-> over, caller 1: refused',
  },
  'answer busy': {
    asking: '-> ending, acquirer: refused, release',
    waiting: '-> ending, acquirer: refused, release',
    granted: 'tell refused 0',
    lingering: '-> ending, release',
    held: 'tell refused 0',
    doubted: 'tell refused 0',
    ending: '-> over, caller 1: refused',
  },
  'answer gone': {
    asking: 'acquire orders',
    waiting: 'acquire orders',
    granted: '-> over, abort: forgotten-by-server, tell lost forgotten-by-server',
    lingering: '-> ending, release',
    held: '-> over, abort: forgotten-by-server, tell lost forgotten-by-server',
    doubted: '-> over, abort: expired, tell expired, tell lost expired',
    ending: '-> over, caller 1: refused',
  },
  'answer stolen': {
    asking: 'acquire orders',
    waiting: 'acquire orders',
    granted: '-> over, abort: stolen, tell lost stolen',
    lingering: '-> ending, release',
    held: '-> over, abort: stolen, tell lost stolen',
    doubted: '-> over, abort: stolen, tell lost stolen',
    ending: '-> over, caller 1: refused',
  },
  'answer refused': {
    asking: '-> over, acquirer: refused',
    waiting: '-> ending, acquirer: refused, release',
    granted: 'tell refused -100',
    lingering: '-> ending, release',
    held: 'tell refused -100',
    doubted: 'tell refused -100',
    ending: '-> over, caller 1: refused',
  },
  'answer ended held': {
    asking: '-> ending, acquirer: refused, release',
    waiting: '-> ending, acquirer: refused, release',
    granted: 'tell refused 0',
    lingering: '-> ending, release',
    held: 'tell refused 0',
    doubted: 'tell refused 0',
    ending: '-> over, tell released, caller 1: released wasHeld=true',
  },
  'answer ended held, another grant': {
    asking: '-> ending, acquirer: refused, release',
    waiting: '-> ending, acquirer: refused, release',
    granted: 'tell refused 0',
    lingering: '-> ending, release',
    held: 'tell refused 0',
    doubted: 'tell refused 0',
    ending:
      '-> over, abort: forgotten-by-server, tell lost forgotten-by-server, caller 1: released wasHeld=false',
  },
  unanswered: {
    asking: '-> ending, acquirer: failed, withdraw',
    lingering: '-> ending, release',
    granted: 'tell error unanswered',
    doubted: 'tell error unanswered',
    ending: 'caller 1: failed',
  },
  refused: {
    asking: '-> over, acquirer: failed',
    waiting: '-> ending, acquirer: failed, release',
    lingering: '-> ending, release',
    granted: 'tell error refused',
    doubted: 'tell error refused',
    ending: '-> over, caller 1: failed',
  },
  handed: {
    asking: '-> held, tell acquired, acquirer: lease',
    waiting: '-> held, tell acquired, acquirer: lease',
  },
  'handed, late': {
    asking: 'sure check',
    waiting: 'sure check',
  },
  'push granted': {
    asking: '-> granted, acknowledge, tell acquired, acquirer: lease',
    waiting: '-> granted, acknowledge, tell acquired, acquirer: lease',
  },
  'push granted, forged': {},
  'push granted, late': {
    asking: 'sure check',
    waiting: 'sure check',
  },
  'push ask': {},
  'push lost': {
    waiting: 'sure check',
    granted: 'sure check',
    lingering: '-> ending, release',
    held: 'sure check',
    doubted: 'sure check',
  },
  'push asked': {
    granted: 'tell asked ops',
    lingering: '-> ending, release',
    held: 'tell asked ops',
  },
  'push wanted': { lingering: '-> ending, release' },
  ask: {
    waiting: 'sure check',
    granted: 'sure check',
    held: 'sure check',
    doubted: 'sure check',
  },
  disconnected: { lingering: '-> ending, release' },
  connected: {
    waiting: 'sure check',
    granted: 'sure check',
    lingering: '-> ending, release',
    held: 'extend',
    doubted: 'sure check',
  },
  'cut off': {
    asking: '-> ending, acquirer: failed',
    lingering: '-> ending, release',
    waiting: '-> ending, acquirer: failed, release',
  },
  'give up': {
    asking: '-> ending',
    waiting: '-> ending, release',
  },
  renew: {},
  'renew, and it is due soon': { held: 'extend' },
  take: { lingering: '-> held, tell acquired' },
  release: {
    asking: 'caller 1: released wasHeld=false',
    waiting: 'caller 1: released wasHeld=false',
    granted: '-> ending, release',
    lingering: 'caller 2: released wasHeld=true',
    held: '-> ending, release',
    doubted: '-> ending, release',
    ending: 'caller 2: released wasHeld=false',
    over: 'caller 2: released wasHeld=true',
  },
  extend: {
    asking: 'caller 1: ended',
    waiting: 'caller 1: ended',
    granted: 'extend',
    lingering: 'caller 2: ended',
    held: 'extend',
    doubted: 'extend',
    ending: 'caller 2: ended',
    over: 'caller 2: ended',
  },
  transfer: {
    asking: 'caller 1: ended',
    waiting: 'caller 1: ended',
    granted: 'transfer',
    lingering: 'caller 2: ended',
    held: 'transfer',
    doubted: 'transfer',
    ending: 'caller 2: ended',
    over: 'caller 2: ended',
  },
  close: {
    asking: '-> ending, acquirer: failed',
    waiting: '-> over, acquirer: failed',
    granted: '-> over, abort: closed, tell released',
    lingering: '-> over',
    held: '-> over, abort: closed, tell released',
    doubted: '-> over, abort: closed, tell released',
  },
  look: {},
  // An answer that can confirm it is under way in each of these arrivals, and may lie unread.
  'look, after the lease': {
    granted: '-> doubted',
    lingering: '-> ending, release',
    held: '-> doubted',
  },
  'alarm, after the lease': {
    waiting: '-> ending, release',
    granted: '-> ending, abort: expired, release, tell expired, tell lost expired',
    lingering: '-> ending, release',
    held: '-> over, abort: expired, tell expired, tell lost expired',
    doubted: '-> over, abort: expired, tell expired, tell lost expired',
  },
  'look, after a sleep': {
    granted: '-> doubted, sure check',
    lingering: '-> ending, release',
    held: '-> doubted, sure check',
  },
};

describe.each(Object.entries(HAPPENINGS))('%s', (what, happening) => {
  it.each(STATES)('in state %s', (state) => {
    expect(cell(state, happening)).toBe(TABLE[what]?.[state] ?? '');
  });
});

it('the table has a row for everything that can happen, and no other', () => {
  expect(Object.keys(TABLE)).toEqual(Object.keys(HAPPENINGS));
});

it('the table makes every move that there is, but for those that need more than one thing to happen', () => {
  const made = new Set<string>();
  for (const row of Object.values(TABLE)) {
    for (const [state, done] of Object.entries(row)) {
      const next = /^-> (\w+)/.exec(done)?.[1];
      if (next !== undefined) made.add(`${state} -> ${next}`);
    }
  }
  const all = STATES.flatMap((state) => MOVES[state].map((next) => `${state} -> ${next}`));
  // A grant that was over when it was answered; confirmGrants; linger; a release that was refused and is tried again.
  const rare = ['waiting -> asking', 'granted -> waiting', 'held -> lingering', 'over -> ending'];
  expect(all.filter((move) => !made.has(move))).toEqual(rare);
  expect([...made].filter((move) => !all.includes(move))).toEqual([]);
});

describe('the rare moves', () => {
  it('waiting -> asking: the lease was over when its answer was here', () => {
    const script = ARRIVALS.waiting({ ttlMs: 100 });
    script.ms += 200;
    const commands = script.answer(2, script.held(-100), { tookMs: 190 });
    expect(script.request.state).toBe('asking');
    expect(commands.map(shownShortly)).toEqual(['withdraw', 'acquire orders']);
  });

  it('granted -> waiting: nobody has entered, and it was acknowledged too late', () => {
    const script = arrived({ confirmGrants: true }, (one) => {
      one.answer(1, one.waiting());
      one.input(one.granted());
    });
    expect(script.answer(2, script.waiting(70)).map(shownShortly)).toEqual([]);
    expect(script.request).toMatchObject({ state: 'waiting', askAtMs: 70, isSettled: false });
  });

  it('held -> lingering: its caller gives it back, and nobody wants it', () => {
    const script = ARRIVALS.held({ lingerMs: 1_000 });
    script.answer(2, script.held());
    expect(script.release().map(shownShortly)).toEqual(['tell released', 'caller 1: released wasHeld=true']);
    expect(script.request).toMatchObject({ state: 'lingering', isHeld: false, keepsAlive: false });
  });

  it('over -> ending: a release that was refused is tried again', () => {
    const script = ARRIVALS.ending();
    script.fail(Math.max(...script.calls.keys()), 'refused');
    expect(script.request.state).toBe('over');
    script.input({ kind: 'release', caller: 2 });
    expect(script.request.state).toBe('ending');
  });
});
