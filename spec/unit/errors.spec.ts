import * as ours from '../../lib/errors.js';

/** The module as another package that depends on us has loaded it. */
function anotherCopy(): typeof ours {
  let copy: typeof ours | undefined;
  jest.isolateModules(() => {
    copy = jest.requireActual<typeof ours>('../../lib/errors.js');
  });
  return copy as typeof ours;
}

/** One instance of each class, made by the given copy of the module. */
function instances(from: typeof ours): Record<string, ours.LockError> {
  return {
    LockTimeoutError: new from.LockTimeoutError('my-lock', 1500),
    LockLostError: new from.LockLostError('my-lock', 'stolen', 42),
    LockNotHeldError: new from.LockNotHeldError('my-lock'),
    LockAmbiguousError: new from.LockAmbiguousError('my-lock'),
    LockDeadlockError: new from.LockDeadlockError('my-lock'),
    LockOptionsError: new from.LockOptionsError('wrong'),
    LockLimitError: new from.LockLimitError('too many'),
    LockConnectionError: new from.LockConnectionError('gone'),
    LockClosedError: new from.LockClosedError(),
    LockPermissionError: new from.LockPermissionError('no'),
    LockSetupError: new from.LockSetupError('absent'),
    LockProtocolError: new from.LockProtocolError('what?'),
    StaleTokenError: new from.StaleTokenError('my-lock', 41, 42),
  };
}

const CODES = {
  LockTimeoutError: 'LOCK_TIMEOUT',
  LockLostError: 'LOCK_LOST',
  LockNotHeldError: 'LOCK_NOT_HELD',
  LockAmbiguousError: 'LOCK_AMBIGUOUS',
  LockDeadlockError: 'LOCK_DEADLOCK',
  LockOptionsError: 'LOCK_OPTIONS',
  LockLimitError: 'LOCK_LIMIT',
  LockConnectionError: 'LOCK_CONNECTION',
  LockClosedError: 'LOCK_CLOSED',
  LockPermissionError: 'LOCK_PERMISSION',
  LockSetupError: 'LOCK_SETUP',
  LockProtocolError: 'LOCK_PROTOCOL',
  StaleTokenError: 'LOCK_STALE_TOKEN',
} as const;

type Name = keyof typeof CODES;
const NAMES = Object.keys(CODES) as Name[];

describe.each(NAMES)('%s', (name) => {
  const error = instances(ours)[name];

  it('has its stable code and its name', () => {
    expect(error).toMatchObject({ code: CODES[name], name });
  });

  it('is an Error with a stack that says where', () => {
    expect(error).toBeInstanceOf(Error);
    expect(error?.stack).toContain('errors.spec.ts');
  });

  it('is a LockError and of no other class than its own', () => {
    expect(error).toBeInstanceOf(ours.LockError);
    expect(NAMES.filter((other) => (error as unknown) instanceof ours[other])).toEqual([name]);
  });

  it('is of the same class for another copy of the module', () => {
    const theirs = anotherCopy();
    expect(theirs[name]).not.toBe(ours[name]);
    for (const made of [instances(theirs)[name] as unknown, error as unknown]) {
      expect(NAMES.filter((other) => made instanceof ours[other])).toEqual([name]);
      expect(NAMES.filter((other) => made instanceof theirs[other])).toEqual([name]);
      expect(made).toBeInstanceOf(ours.LockError);
      expect(made).toBeInstanceOf(theirs.LockError);
    }
  });

  it('hides the mark by which copies know each other', () => {
    expect(Object.getOwnPropertySymbols({ ...error })).toEqual([]);
  });
});

it('is covered by these specs, class by class', () => {
  const classes = Object.entries(ours).filter(
    ([name, value]) => typeof value === 'function' && /^[A-Z]/.test(name) && name !== 'LockError',
  );
  expect(classes.map(([name]) => name).sort()).toEqual([...NAMES].sort());
});

it('names and stacks survive a minifier, which renames the classes', () => {
  for (const [name, error] of Object.entries(instances(ours))) {
    expect(Object.hasOwn(error, 'name')).toBe(false);
    // As by a minifier: the name comes from the text, not from the class.
    Object.defineProperty(error.constructor, 'name', { value: 't' });
    expect([error.name, error.toString()]).toEqual([name, `${name}: ${error.message}`]);
    expect(error.stack?.split('\n')[0]).toBe(`${name}: ${error.message}`);
  }
});

it('isLockError knows those of any copy, and nothing else', () => {
  for (const error of [...Object.values(instances(ours)), ...Object.values(instances(anotherCopy()))]) {
    expect(ours.isLockError(error)).toBe(true);
  }
  for (const other of [undefined, null, 'LOCK_TIMEOUT', { code: 'LOCK_TIMEOUT' }, new Error('x')]) {
    expect(ours.isLockError(other)).toBe(false);
  }
});

it('a time-out tells what is known of who is in the way, and no more', () => {
  const heldSince = new Date('2026-11-26T01:02:03Z');
  const facts = { position: 2, holder: 'web-1:4711', heldSince, advice: 'do something' };
  const error = new ours.LockTimeoutError('a', 1000, facts);
  expect(error).toMatchObject({ position: 2, holder: 'web-1:4711', heldSince });
  expect(error.message).toBe(
    'lock "a" was not granted within 1000 ms; 2 ahead of it; held by "web-1:4711" since 2026-11-26T01:02:03.000Z; do something',
  );
  expect(new ours.LockTimeoutError('a', 1000).message).toBe('lock "a" was not granted within 1000 ms');
  expect(new ours.LockTimeoutError('a', 1000)).toMatchObject({ position: undefined, holder: undefined });
  expect('cause' in new ours.LockTimeoutError('a', 1000, facts)).toBe(false);
});

it('codes are different from each other', () => {
  expect(new Set(Object.values(CODES)).size).toBe(NAMES.length);
});

it.each([undefined, null, 5, 'LOCK_TIMEOUT', {}, { code: 'LOCK_TIMEOUT' }, new Error('x')])(
  '%p is no LockError',
  (value) => {
    expect(value instanceof ours.LockError).toBe(false);
    expect(value instanceof ours.LockTimeoutError).toBe(false);
  },
);

it('an error of a class derived by a caller is told from its parent', () => {
  class MyTimeout extends ours.LockTimeoutError {}
  expect(new MyTimeout('a', 1)).toBeInstanceOf(ours.LockTimeoutError);
  expect(new MyTimeout('a', 1)).toBeInstanceOf(MyTimeout);
  expect(new ours.LockTimeoutError('a', 1)).not.toBeInstanceOf(MyTimeout);
});

it('fields carry the facts, messages the name of the lock', () => {
  const timeout = new ours.LockTimeoutError("it's", 1500.4);
  expect(timeout).toMatchObject({ lockName: "it's", waitedMs: 1500.4 });
  expect(timeout.message).toContain(`"it's"`);
  expect(timeout.message).toContain('1500 ms');
  const lost = new ours.LockLostError('a', 'force-released', 42);
  expect(lost).toMatchObject({ lockName: 'a', reason: 'force-released', fencingToken: 42 });
  expect(lost.message).toContain('force-released');
  expect(new ours.LockNotHeldError('a')).toMatchObject({ lockName: 'a' });
  const stale = new ours.StaleTokenError('a', 41, 42);
  expect(stale).toMatchObject({ lockName: 'a', token: 41, newest: 42 });
  expect(stale.message).toBe('fencing token 41 of lock "a" is older than 42');
});

it('a cause is kept', () => {
  const cause = new Error('socket');
  expect(new ours.LockConnectionError('x', { cause }).cause).toBe(cause);
  expect(new ours.LockTimeoutError('x', 1, { cause }).cause).toBe(cause);
});
