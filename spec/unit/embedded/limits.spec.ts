/** Programs that would hang or crash a process without limits: each ends soon, with a value or a typed error. */
import { createEngine } from '../../../lib/embedded/engine/thingsdb-engine.js';
import { type Session, ThingsError } from '../../../lib/embedded/engine/engine.js';
import { Packed } from '../../../lib/embedded/msgpack/wire.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';

/** Less than by default, so that the specs are quick. */
const DURATION_MS = 1500;
const LIMITS = { duration: DURATION_MS, matchSteps: 1_000_000, resultSize: 2 * 1024 * 1024 };

/** The rest is for a slow machine. */
const SOON_MS = DURATION_MS + 4000;

/** What this process has computed since, whatever else the machine has to do. */
function usedMs(since: NodeJS.CpuUsage): number {
  const { user, system } = process.cpuUsage(since);
  return (user + system) / 1000;
}

const session: Session = { push: () => undefined };

/** A text of 16 MiB. */
const LONG = 'x = "a"; for (i in range(24)) { x += x; };';

/** The code of the error with which the program ends, or 0. */
function outcome(code: string): number {
  const engine = createEngine({ clock: new ManualClock(), limits: LIMITS });
  try {
    engine.authenticate(session, ['admin', 'pass']);
    void engine.query(session, '//stuff', code, {});
    engine.snapshot();
    return 0;
  } catch (error) {
    if (error instanceof ThingsError) return error.code;
    throw error;
  } finally {
    engine.close();
  }
}

it.each([
  ['a list that doubles', 'x = [1]; for (i in range(60)) { x.extend(x); }', -57],
  ['tuples that hold themselves twice', 'x = [1]; for (i in range(60)) { x = [x, x]; }', -57],
  ['stored tuples that hold themselves twice', '.x = [1]; for (i in range(60)) { .x = [.x, .x]; }', -57],
  ['tuples inside each other', 'x = 1; for (i in range(100000)) { x = [x]; }', -57],
  ['text that doubles by +=', 'x = "aaaaaaaaaa"; for (i in range(60)) { x += x; }', -57],
  ['very many variables', `${Array.from({ length: 100_000 }, (_, i) => `v${i}=1;`).join('')} v0;`, -57],
  ['text that doubles by a template', 'x = "aaaaaaaaaa"; for (i in range(60)) { x = `{x}{x}`; }', -57],
  ['text that grows by replace', 'x = "aaaa"; for (i in range(60)) { x = x.replace("a", x); }', -57],
  ['text that grows by join', 'x = "aaaa"; for (i in range(60)) { x = [x, x, x].join(x); }', -57],
  ['a pattern that explodes', '/^(a+)+$/.test("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!")', -63],
  ['a result that explodes', 'x = {}; for (i in range(60)) { x = {a: x, b: x}; }; return x, 127', -6],
  ['a range beyond all', 'range(1000000000)', -63],
  ['recursion through procedures', 'new_procedure("f", || run("f")); run("f")', -63],
  ['futures that make futures', 'new_procedure("f", || { future(|| run("f")); }); run("f")', -63],
  ['sorting by chance', 'x = range(50000); for (i in range(1000)) { x.sort(|a, b| randint(-1, 2)); }', -57],
  ['errors caught for ever', 'for (i in range(100000)) for (j in range(1000)) try(raise("x"))', -57],
  ['a loop in a loop', 'for (i in range(100000)) for (j in range(100000)) nil', -57],
  ['things without end', 'for (i in range(100000)) for (j in range(1000)) .set(`k{i}{j}`, {})', -57],
  [
    'bytes that are alike up to the last',
    `${LONG} b = bytes(x + "1"); range(100000).map(|| b).index_of(bytes(x + "2"))`,
    -57,
  ],
  ['bytes beside text', `${LONG} b = bytes(x + "1"); range(100000).map(|| b).has(x + "2")`, -57],
  ['regular expressions that are large', 'range(100000).map(|i| regex(`(?:ab){10000}{i}`))', -57],
  [
    'closures read from text',
    'x = "1,"; for (i in range(16)) { x += x; }; range(10000).map(|| closure(`||[{x}]`))',
    -57,
  ],
  ['loops of a pattern that are cleared at each letter', `${LONG} /(?=b)(?:(?:c|d)*e){3000}/.test(x)`, -63],
  [
    'loops of a pattern that are kept at each letter',
    `${LONG} /(?=(?:a|b)+?c)(?:(?:c|d)*e){3000}/.test(x)`,
    -63,
  ],
  ['hexadecimal floats', `${LONG} for (i in range(10000)) try(float("0x" + x));`, -57],
  ['blanks', 'x = " "; for (i in range(20)) { x += x; }; (x + "a").trim_right()', 0],
])(
  '%s ends soon',
  (_name, code, expected) => {
    const start = process.cpuUsage();
    expect(outcome(code)).toBe(expected);
    expect(usedMs(start)).toBeLessThan(SOON_MS);
  },
  30_000,
);

it('a list of millions in the arguments is refused before it is read', () => {
  const engine = createEngine({ clock: new ManualClock() });
  engine.authenticate(session, ['admin', 'pass']);
  const list = Buffer.alloc(20_000_005, 0x05);
  list[0] = 0xdd;
  list.writeUInt32BE(20_000_000, 1);
  const start = process.cpuUsage();
  expect(() => engine.query(session, '//stuff', 'x.len();', { x: new Packed(list) })).toThrow(
    'maximum memory',
  );
  expect(usedMs(start)).toBeLessThan(SOON_MS);
  engine.close();
});

it.each([1, 900, 1_100, 5_000])('a list of %i in the arguments counts as one made by the query', (count) => {
  const list = Buffer.alloc(count + 5, 0x05);
  list[0] = 0xdd;
  list.writeUInt32BE(count, 1);
  const leastFor = (code: string, vars: Record<string, Packed>): number => {
    const answers = (memory: number): boolean => {
      const engine = createEngine({ clock: new ManualClock(), limits: { memory } });
      engine.authenticate(session, ['admin', 'pass']);
      try {
        void engine.query(session, '//stuff', code, vars);
        return true;
      } catch (error) {
        if (error instanceof ThingsError && error.code === -57) return false;
        throw error;
      } finally {
        engine.close();
      }
    };
    let [tooLittle, enough] = [0, 2 ** 20];
    while (enough - tooLittle > 1) {
      const memory = Math.floor((tooLittle + enough) / 2);
      if (answers(memory)) enough = memory;
      else tooLittle = memory;
    }
    return enough;
  };
  const given = leastFor('nil;', { x: new Packed(list) });
  expect(given - leastFor('nil;', {})).toBeGreaterThan(count);
  expect(given).toBeLessThan(leastFor(`range(${count});`, {}) + 100);
});

it.each([
  [true, 0],
  [false, -57],
])('things of a type that is indexed (%s) are found without looking at all others', (isIndexed, expected) => {
  const engine = createEngine({ clock: new ManualClock(), limits: { steps: 60_000 } });
  engine.authenticate(session, ['admin', 'pass']);
  const fill = `new_type('T', ${isIndexed ? 'IDX' : '0'}); .t = T{}; .many = range(9000).map(|| {}); type_all('T');`;
  void engine.query(session, '//stuff', fill, {});
  const count = (): unknown =>
    engine.query(session, '//stuff', 'x = 0; for (i in range(200)) x += type_count("T"); x;', {});
  if (expected === 0) expect(count()).toBe(200n);
  else expect(count).toThrow('maximum number of steps');
  engine.close();
});

describe('what many queries store together', () => {
  const limits = { storage: 2 ** 20, memory: 2 ** 18, joinedRooms: 3, joinedRoomsOfAll: 4 };
  const engine = createEngine({ clock: new ManualClock(), limits });
  const ask = (code: string): number => {
    try {
      void engine.query(session, '//stuff', code, {});
      return 0;
    } catch (error) {
      if (error instanceof ThingsError) return error.code;
      throw error;
    }
  };
  beforeAll(() => {
    engine.authenticate(session, ['admin', 'pass']);
  });
  afterAll(() => {
    engine.close();
  });

  it('is limited, and there is room again when something is deleted', async () => {
    const codes = Array.from({ length: 40 }, (_, at) =>
      ask(`x = "0123456789"; for (i in range(13)) { x += x; }; .k${at} = x;`),
    );
    expect(codes.filter((code) => code === 0).length).toBeLessThan(20);
    expect(new Set(codes)).toEqual(new Set([0, -57]));
    expect(ask('range(10);')).toBe(0);
    expect(ask('.keys().map(|key| .del(key));')).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect(ask('.x = range(1000);')).toBe(0);
  });

  it('does not count what is gone', () => {
    for (let count = 0; count < 100; count += 1) expect(ask('.x = range(3000);')).toBe(0);
  });

  it.each([
    ['collections', '@t', 'new_collection(`c{i}`)', 'collections'],
    ['users', '@t', 'new_user(`u{i}`)', 'users'],
    ['tokens of a user', '@t', 'new_token("admin")', 'tokens'],
    ['entries of a whitelist', '@t', 'whitelist_add("admin", "rooms", `r{i}`)', 'entries in one whitelist'],
    ['procedures of the node', '@t', 'new_procedure(`p{i}`, || nil)', 'procedures'],
    ['procedures of a collection', '//stuff', 'new_procedure(`p{i}`, || nil)', 'procedures'],
    ['tasks of the node', '@t', 'task(datetime(2100, 1, 1), || nil)', 'tasks'],
    ['tasks of a collection', '//stuff', 'task(datetime(2100, 1, 1), || nil)', 'tasks'],
    ['types', '//stuff', 'new_type(`T{i}`)', 'all that is stored'],
    ['enumerations', '//stuff', 'set_enum(`E{i}`, {A: 1})', 'all that is stored'],
    ['members of an enumeration', '//stuff', 'mod_enum("E", "add", `A{i}`, i + 1)', 'all that is stored'],
    ['properties of a type', '//stuff', 'mod_type("T", "add", `p{i}`, "int")', 'all that is stored'],
    ['rooms', '//stuff', '.set(`r{i}`, room())', 'all that is stored'],
  ])('bounds the number of %s by a typed error', (_what, scope, code, why) => {
    const crowd = createEngine({
      clock: new ManualClock(),
      limits: { storage: 2 ** 20, collections: 20, users: 20, procedures: 20, whitelistEntries: 20 },
    });
    crowd.authenticate(session, ['admin', 'pass']);
    void crowd.query(session, '//stuff', 'set_enum("E", {A: 0}); set_type("T", {}); nil;', {});
    const add = (from: number): unknown =>
      crowd.query(session, scope, `for (i in range(${from}, ${from + 250})) { ${code}; }; nil;`, {});
    let refusal: unknown;
    for (let from = 0; refusal === undefined && from < 50_000; from += 250) {
      try {
        add(from);
      } catch (error) {
        refusal = error;
      }
    }
    crowd.close();
    expect(refusal).toBeInstanceOf(ThingsError);
    expect(refusal).toMatchObject({ code: -57, message: expect.stringContaining(why) as string });
  });

  it('keeps no definition of an anonymous type that nothing has', () => {
    const count = 2000;
    const code = (at: number): string => `x = &{a${at}: 'int'}; nil;`;
    for (let at = 0; at < count; at += 1) expect(ask(code(at))).toBe(0);
    const [{ ano_types: kept }] = engine.query(session, '@t', 'collections_info();', {}) as [
      { ano_types: bigint },
    ];
    expect(kept).toBeLessThan(1000n);
  });

  it('joins no more rooms than a connection may be in', () => {
    expect(
      ask('.rooms = range(5).map(|| room()); .rooms.map(|room| room.set_name(`r{room.id()}`)); nil;'),
    ).toBe(0);
    const ids = engine.query(session, '//stuff', '.rooms.map(|room| room.id());', {}) as bigint[];
    expect(() => engine.join(session, '//stuff', ids)).toThrow('maximum number of rooms (3)');
    expect(engine.leave(session, '//stuff', ids)).toEqual(ids);
    expect(engine.join(session, '//stuff', ids.slice(2))).toEqual(ids.slice(2));
    expect(engine.leave(session, '//stuff', ids)).toEqual(ids);
  });

  it('joins no more rooms than all connections together may be in', () => {
    const others = Array.from({ length: 3 }, (): Session => ({ push: () => undefined }));
    for (const other of others) engine.authenticate(other, ['admin', 'pass']);
    expect(ask('.rooms = range(2).map(|| room()); nil;')).toBe(0);
    const ids = engine.query(session, '//stuff', '.rooms.map(|room| room.id());', {}) as bigint[];
    const [one, two, three] = others as [Session, Session, Session];
    engine.join(one, '//stuff', ids);
    engine.join(two, '//stuff', ids);
    expect(() => engine.join(three, '//stuff', ids)).toThrow('maximum number of rooms (4) that all');
    engine.drop(one);
    expect(engine.join(three, '//stuff', ids)).toEqual(ids);
    for (const other of others) engine.drop(other);
  });

  it('counts no rooms that are gone', () => {
    for (let round = 0; round < 200; round += 1) {
      expect(ask('.room = room(); nil;')).toBe(0);
      const id = engine.query(session, '//stuff', '.room.id();', {}) as bigint;
      expect(engine.join(session, '//stuff', [id])).toEqual([id]);
    }
  });
});
