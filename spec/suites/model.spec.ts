/**
 * The queue logic of the procedures against a small pure model (spec/model/lock-model.ts). Both get the same random
 * commands. After each, everything that is stored, answered and pushed is compared. What must hold in any case is
 * asserted apart from that (spec/model/laws.ts, beliefs.ts). That the comparison would show it is seen with servers
 * that each have one thing wrong (spec/support/wrong-servers.ts).
 *
 * A run that fails is shrunk and printed with a line `MODEL_REPLAY=...`: that variable repeats it, alone:
 *
 *     MODEL_REPLAY='{"seed":1,"path":"7:0","replayPath":"AAAB:F"}' npx jest spec/suites/model.spec.ts
 *
 * `MODEL_RUNS` sets another number of runs.
 */
import fc from 'fast-check';
import { withConstants } from '../../lib/schema/constants.js';
import { installCode } from '../../lib/schema/install-code.js';
import { allActions, timelessActions } from '../model/action-arbitraries.js';
import type { Action } from '../model/actions.js';
import { EmbeddedSubject } from '../model/embedded-subject.js';
import { NodeSubject } from '../model/node-subject.js';
import type { Subject } from '../model/subject.js';
import { Trial } from '../model/trial.js';
import { installCodeOf, WRONG_SERVERS } from '../support/wrong-servers.js';

const COMMANDS = 100;
const EMBEDDED_RUNS = 1000;
const NODE_RUNS = 20;
const CROWD_RUNS = 100;
const LIMIT_MS = 300_000;
/** A server that is wrong is noticed in fewer, and in the same ones each time. */
const WRONG_RUNS = 500;
const WRONG_SEED = 5;

interface Replay {
  readonly seed: number;
  readonly path: string;
  readonly replayPath: string;
}

const { MODEL_REPLAY, MODEL_RUNS, THINGSDB_URL } = process.env;
const nodes = THINGSDB_URL?.split(',') ?? [];
const replay = MODEL_REPLAY === undefined ? undefined : (JSON.parse(MODEL_REPLAY) as Replay);

/** An action as fast-check wants it: possible at any time, since whatever it meets has an answer. */
class Command implements fc.AsyncCommand<object, Trial> {
  constructor(private readonly action: Action) {}

  check(): boolean {
    return true;
  }

  async run(_model: object, trial: Trial): Promise<void> {
    await trial.take(this.action);
  }

  toString(): string {
    const { kind, ...details } = this.action;
    return `\n  ${kind} ${JSON.stringify(details)}`;
  }
}

type OwnSubject = Subject & AsyncDisposable;

function propertyOf(
  actions: fc.Arbitrary<Action>,
  newSubject: () => Promise<OwnSubject>,
): fc.IAsyncPropertyWithHooks<[Iterable<fc.AsyncCommand<object, Trial>>, boolean]> {
  const commands = fc.commands([actions.map((action) => new Command(action))], {
    maxCommands: COMMANDS,
    size: 'max',
    ...(replay && { replayPath: replay.replayPath }),
  });
  return fc.asyncProperty(commands, fc.boolean(), async (all, endsByTime) => {
    await using subject = await newSubject();
    const trial = await Trial.on(subject);
    await fc.asyncModelRun(() => ({ model: {}, real: trial }), all);
    await trial.finish(endsByTime);
  });
}

async function check(
  actions: fc.Arbitrary<Action>,
  numRuns: number,
  newSubject: () => Promise<OwnSubject>,
): Promise<void> {
  const details = await fc.check(propertyOf(actions, newSubject), {
    numRuns: MODEL_RUNS === undefined ? numRuns : Number(MODEL_RUNS),
    ...(replay && { seed: replay.seed, path: replay.path, endOnFailure: true }),
  });
  if (!details.failed) return;
  const text = (await fc.asyncDefaultReportMessage(details)) ?? '';
  const [, replayPath = ''] = /replayPath="([^"]*)"/.exec(text) ?? [];
  const again: Partial<Replay> = { seed: details.seed, path: details.counterexamplePath ?? '', replayPath };
  throw new Error(`MODEL_REPLAY='${JSON.stringify(again)}'\n${text}`, { cause: details.errorInstance });
}

/** The schema, which takes its requests for too many to go one by one. */
function codeForCrowds(): string {
  const few = ['gone.len() <= $FEW', 'back.len() <= $FEW'].map((text) => withConstants(text));
  return few.reduce((code, text) => {
    if (!code.includes(text)) throw new Error(`not in the schema's source: ${text}`);
    return code.replaceAll(text, text.replace(/\d+$/, '0'));
  }, installCode());
}

describe('the queue does what its model does', () => {
  it(
    `on the embedded engine, ${EMBEDDED_RUNS} times up to ${COMMANDS} commands`,
    // eslint-disable-next-line @typescript-eslint/require-await -- a subject may be far away
    () => check(allActions, EMBEDDED_RUNS, async () => new EmbeddedSubject()),
    LIMIT_MS,
  );

  it(
    `where all that leave their queues do so at once, as many do, ${CROWD_RUNS} times`,
    // eslint-disable-next-line @typescript-eslint/require-await -- a subject may be far away
    () => check(allActions, CROWD_RUNS, async () => new EmbeddedSubject(codeForCrowds())),
    LIMIT_MS,
  );

  const onNode = nodes.length === 0 ? it.skip : it;
  onNode(
    `on a real node, ${NODE_RUNS} times up to ${COMMANDS} commands, none of which moves time`,
    () => check(timelessActions, NODE_RUNS, () => NodeSubject.connect(nodes[0] ?? '', nodes.length > 1)),
    LIMIT_MS,
  );
});

describe('the model notices a server that', () => {
  it.each(WRONG_SERVERS)('$does', async (wrong) => {
    const code = installCodeOf(wrong);
    // It can be installed.
    await using _ = new EmbeddedSubject(code);
    // eslint-disable-next-line @typescript-eslint/require-await -- a subject may be far away
    const property = propertyOf(allActions, async () => new EmbeddedSubject(code));
    const { failed } = await fc.check(property, {
      numRuns: WRONG_RUNS,
      seed: WRONG_SEED,
      endOnFailure: true,
    });
    expect(failed).toBe(true);
  });
});
