/**
 * What nobody would write, 20,000 times over. Each program and each string of bytes gives a value or a typed error. The
 * process lives, and memory comes back. A failure prints its seed; FUZZ_SEED replays it.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { type Engine, type Session, ThingsError } from '../../../lib/embedded/engine/engine.js';
import { Connection } from '../../../lib/embedded/protocol/connection.js';
import { MalformedPackageError } from '../../../lib/embedded/protocol/malformed-package-error.js';
import { encodePackage } from '../../../lib/embedded/protocol/package.js';
import { PackageReader } from '../../../lib/embedded/protocol/package-reader.js';
import { Packed, type Wire } from '../../../lib/embedded/msgpack/wire.js';
import { WireDecoder } from '../../../lib/embedded/msgpack/wire-decoder.js';
import { WireEncoder } from '../../../lib/embedded/msgpack/wire-encoder.js';
import { createEngine } from '../../../lib/embedded/engine/thingsdb-engine.js';
import { ManualClock } from '../../../lib/testing/manual-clock.js';
import { thingsdbCallPrograms } from '../../support/thingsdb-call-programs.js';
import { thingsdbAccountPrograms, thingsdbFeaturePrograms } from '../../support/thingsdb-feature-programs.js';
import { thingsdbPrograms } from '../../support/thingsdb-programs.js';
import { thingsdbTypePrograms } from '../../support/thingsdb-type-programs.js';

const RUNS = 20_000;
const TYPE_RUNS = 4_000;
const FEATURE_RUNS = 3_000;
const CALL_RUNS = 3_000;
const IMPORT_RUNS = 2_000;
/** Less than by default, so that each program reaches its limits soon: what is looked for here is damage, not work. */
const LIMITS = { steps: 2000, matchSteps: 5000, memory: 2 ** 20, nestedItems: 10_000, resultSize: 2 ** 18 };
/** Something of all that a dump can hold. */
const DUMPED = `
  set_enum('E', {A: 1, B: 2, m: |e| e.value()});
  set_type('T', {name: 'str', e: 'E', list: '[T]', other: 'T?', sum: |t| t.name});
  new_type('U');
  new_type('V');
  set_type('U', {parts: '{V}'});
  set_type('V', {whole: 'U?'});
  mod_type('U', 'rel', 'parts', 'whole');
  .t = T{name: 'one', e: E{B}};
  .t.list.push(T{name: 'two'});
  .u = U{};
  .u.parts.add(V{});
  .d = datetime(2024, 2, 29);
  .r = room();
  .r.set_name('go');
  .k = [1, 2.5, 'text', bytes('x'), /a+/i, nil, true, [1, [2]], err(-100, 'no'), |x| x + 1];
  .map = {};
  .map.set(':odd', 1);
  .map.restrict('int');
  .w = .t.wrap('T');
  .s = set(.t, .map);
  task(datetime(2030, 1, 1), |t, a| a, [.t]);
  new_procedure('p', |a| .x = a);
  nil;
`;
const ALLOWED_GROWTH_BYTES = 48 * 1024 * 1024;

const seed = process.env['FUZZ_SEED'];
const parameters = { numRuns: RUNS, ...(seed !== undefined && { seed: Number(seed) }) };

setFlagsFromString('--expose_gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapBytes(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

const session: Session = { push: () => undefined };
let engine: Engine;
let clock: ManualClock;

beforeEach(() => {
  clock = new ManualClock(1_700_000_000_000);
  engine = createEngine({ clock, limits: LIMITS });
  engine.authenticate(session, ['admin', 'pass']);
});

afterEach(() => engine.close());

function isTypedError(error: unknown): boolean {
  return (
    error instanceof ThingsError && Number.isInteger(error.code) && error.code <= -2 && error.code >= -127
  );
}

it(`${RUNS} programs each give a value or a typed error, and memory comes back`, async () => {
  const empty = engine.snapshot();
  const scopes = fc.constantFrom('//stuff', '//stuff', '//stuff', '@t', '@n');
  const before = heapBytes();
  let count = 0;
  await fc.assert(
    fc.asyncProperty(thingsdbPrograms, scopes, async (code, scope) => {
      // Now and then from the start: what has piled up would make every later result larger.
      if ((count += 1) % 200 === 0) engine.restore(empty);
      try {
        const value = await engine.query(session, scope, code, { x: 5n, list: [1n, 2n, 'text'] });
        WireDecoder.decode(WireEncoder.encode(value));
      } catch (error) {
        if (!isTypedError(error)) throw error;
      }
    }),
    parameters,
  );
  engine.restore(empty);
  expect(heapBytes() - before).toBeLessThan(ALLOWED_GROWTH_BYTES);
}, 60_000);

it(`${TYPE_RUNS} programs about types leave a collection that can be taken out and put back as it was`, async () => {
  const empty = engine.snapshot();
  const outside = (code: string, vars: Record<string, Wire> = {}) =>
    engine.query(session, '//stuff', code, vars);
  let count = 0;
  await fc.assert(
    fc.asyncProperty(thingsdbTypePrograms, async (code) => {
      if ((count += 1) % 10 === 0) engine.restore(empty);
      try {
        WireEncoder.encode(await engine.query(session, '//stuff', code, {}));
      } catch (error) {
        if (!isTypedError(error)) throw error;
      }
      try {
        const [dump, script] = (await outside('[export({dump: true}), export()];')) as [Uint8Array, string];
        engine.restore(empty);
        await outside('import(dump); nil;', { dump });
        expect(await outside('export();')).toBe(script);
      } catch (error) {
        if (!isLimit(error)) throw error;
      }
    }),
    { ...parameters, numRuns: TYPE_RUNS },
  );
}, 60_000);

it(`${FEATURE_RUNS} programs about enumerations, dates, restrictions, rooms, tasks and accounts each give a value or a typed error, and so does what they leave`, async () => {
  const empty = engine.snapshot();
  const before = heapBytes();
  const programs = fc.oneof(
    fc.tuple(fc.constant('//stuff'), thingsdbFeaturePrograms),
    fc.tuple(fc.constant('//stuff'), thingsdbFeaturePrograms),
    fc.tuple(fc.constant('@t'), thingsdbAccountPrograms),
  );
  let count = 0;
  let changed = 0;
  await fc.assert(
    fc.asyncProperty(programs, async ([scope, code]) => {
      if ((count += 1) % 20 === 0) engine.restore(empty);
      for (const [where, text] of [
        [scope, code],
        ['//stuff', 'return .copy(9), 9;'],
      ] as const) {
        try {
          WireDecoder.decode(WireEncoder.encode(await engine.query(session, where, text, {})));
          changed += 1;
        } catch (error) {
          if (!isTypedError(error)) throw error;
        }
      }
      // The tasks that are due run.
      if (count % 5 === 0) await clock.advance(1000);
      if (count % 5 === 0) engine.restore(engine.snapshot());
    }),
    { ...parameters, numRuns: FEATURE_RUNS },
  );
  // Most of them can be read, else they would not show much.
  expect(changed).toBeGreaterThan(FEATURE_RUNS);
  engine.restore(empty);
  expect(heapBytes() - before).toBeLessThan(ALLOWED_GROWTH_BYTES);
}, 60_000);

it(`${CALL_RUNS} programs that call functions with odd arguments each give a value or a typed error`, async () => {
  const empty = engine.snapshot();
  let answered = 0;
  await fc.assert(
    fc.asyncProperty(thingsdbCallPrograms, async (code) => {
      engine.restore(empty);
      try {
        WireDecoder.decode(WireEncoder.encode(await engine.query(session, '//stuff', code, {})));
        answered += 1;
      } catch (error) {
        if (!isTypedError(error)) throw error;
      }
    }),
    { ...parameters, numRuns: CALL_RUNS },
  );
  // Each call is caught by its program. What ends one is a limit, or a call that ends a query on a node as well.
  expect(answered).toBeGreaterThan(CALL_RUNS / 2);
}, 60_000);

it(`${IMPORT_RUNS} damaged dumps are each taken in or refused by a typed error`, async () => {
  const empty = engine.snapshot();
  const ask = (code: string, vars: Record<string, Wire> = {}) => engine.query(session, '//stuff', code, vars);
  await ask(DUMPED);
  const dump = (await ask('export({dump: true});')) as Uint8Array;
  const damage = fc.array(fc.tuple(fc.nat(dump.length - 1), fc.nat(255), fc.nat(3)), {
    minLength: 1,
    maxLength: 4,
  });
  let taken = 0;
  await fc.assert(
    fc.asyncProperty(damage, async (changes) => {
      engine.restore(empty);
      const bytes = [...dump];
      for (const [at, byte, kind] of changes) {
        if (kind === 0) bytes.splice(at, 1);
        else if (kind === 1) bytes.splice(at, 0, byte);
        else bytes[at] = byte;
      }
      try {
        await ask('import(dump, {import_tasks: true}); nil;', { dump: Uint8Array.from(bytes) });
        taken += 1;
      } catch (error) {
        if (!isTypedError(error)) throw error;
      }
      // What is there then can be used, copied and taken out.
      for (const code of ['return .copy(9), 9;', 'export();', 'export({dump: true});', 'types_info();']) {
        try {
          WireEncoder.encode(await ask(code));
        } catch (error) {
          if (!isTypedError(error)) throw error;
        }
      }
      engine.snapshot();
    }),
    { ...parameters, numRuns: IMPORT_RUNS },
  );
  expect(taken).toBeGreaterThan(IMPORT_RUNS / 100);
}, 60_000);

/** One of the test's own: so much was made that it could not be taken out. */
function isLimit(error: unknown): boolean {
  return error instanceof ThingsError && error.code === -57;
}

/** Closures, rooms, things and the rest that MessagePack knows as extensions; right, wrong and cut off. */
const extensions = fc
  .tuple(
    fc.oneof(fc.nat(8), fc.nat(255)),
    fc.oneof(
      fc.uint8Array({ minLength: 8, maxLength: 8 }),
      fc.constantFrom(1n, 2n, 3n, 2n ** 64n - 1n).map((number) => bytesOfId(number)),
      fc
        .constantFrom('||1', '|x| x', '|x| .a = x', '/a+/', '/(/', 'name', '||{')
        .map((text) => Buffer.from(text)),
      fc.uint8Array({ maxLength: 20 }),
    ),
    fc.integer({ min: -2, max: 2 }),
  )
  .map(([number, data, lie]) => {
    const length = Math.max(0, data.length + (Math.abs(lie) === 2 ? lie : 0));
    return new Packed(Buffer.concat([Buffer.from([0xc7, length, number]), data]));
  });

function bytesOfId(number: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64BE(number);
  return bytes;
}

const wireValue = fc.letrec((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.constantFrom('@:stuff', '//stuff', '@t', '1', 'x'),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 64n - 1n }),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.string(),
    extensions,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(fc.string({ maxLength: 4 }), tie('value'), { maxKeys: 3 }),
  ),
})).value as fc.Arbitrary<never>;

const type = fc.oneof(fc.integer({ min: 30, max: 43 }), fc.nat(255));
const id = fc.nat(0xffff);
const bodies = fc.oneof(
  fc.uint8Array({ maxLength: 60 }),
  wireValue.map((value) => WireEncoder.encode(value)),
  fc.array(wireValue, { maxLength: 4 }).map((values) => WireEncoder.encode(values)),
);
const packages = fc.tuple(id, type, bodies).map(([pid, kind, body]) => encodePackage(pid, kind, body));
const damaged = fc.tuple(packages, fc.nat(), fc.nat(255)).map(([bytes, at, byte]) => {
  bytes[at % bytes.length] = byte;
  return bytes;
});
const byteStrings = fc.oneof(
  fc.uint8Array({ maxLength: 100 }).map((bytes) => Buffer.from(bytes)),
  packages,
  damaged,
  fc.array(packages, { minLength: 1, maxLength: 3 }).map((all) => Buffer.concat(all)),
);

it(`${RUNS} strings of bytes are each answered with sound packages or end their connection, and memory comes back`, async () => {
  const before = heapBytes();
  await fc.assert(
    fc.asyncProperty(byteStrings, fc.boolean(), async (bytes, isLoggedIn) => {
      const sent: Buffer[] = [];
      const connection = new Connection(engine, {
        send: (pkg) => void sent.push(pkg),
        destroy: () => undefined,
      });
      if (isLoggedIn) connection.receive({ id: 1, type: 33, body: WireEncoder.encode(['admin', 'pass']) });
      try {
        new PackageReader().read(bytes, (pkg) => connection.receive(pkg));
      } catch (error) {
        if (!(error instanceof MalformedPackageError)) throw error;
      }
      await new Promise((resolve) => process.nextTick(resolve));
      new PackageReader().read(Buffer.concat(sent), ({ type: answered, body }) => {
        if (body.length === 0) return;
        const value = WireDecoder.decode(body) as { error_code?: bigint; error_msg?: string } | null;
        if (answered !== 19) return;
        // -1 is ours: a fault in the server itself.
        if (value?.error_code === -1n) throw new Error(value.error_msg);
      });
      connection.close();
    }),
    parameters,
  );
  expect(heapBytes() - before).toBeLessThan(ALLOWED_GROWTH_BYTES);
}, 60_000);
