import { LockConnectionError } from '../../../lib/errors.js';
import { Renewer } from '../../../lib/internal/renewer.js';
import { FakeProcedures, outcome, status } from '../../support/fake-procedures.js';

const turnOfTheEventLoop = () => new Promise((resolve) => setImmediate(resolve));

describe('Renewer', () => {
  let procedures: FakeProcedures;
  let renewer: Renewer;

  beforeEach(() => {
    procedures = new FakeProcedures();
    renewer = new Renewer(procedures.asProcedures);
  });

  it('sends what falls due together in one request, and gives each its own answer', async () => {
    const answers = Array.from({ length: 600 }, (_, i) => renewer.renew(`id-${i}`, 1000 + i));
    await turnOfTheEventLoop();
    expect(procedures.of('extend')).toHaveLength(1);
    expect(procedures.last('extend').argument).toEqual(answers.map((_, i) => [`id-${i}`, 1000 + i]));
    const statuses = answers.map((_, i) => (i === 300 ? status.gone() : status.held(1000 + i)));
    procedures.last('extend').answer(statuses);
    expect((await Promise.all(answers)).map((told) => told.value)).toEqual(statuses);
  });

  it('counts each from before the request was sent', async () => {
    const answer = renewer.renew('a', 1000);
    await turnOfTheEventLoop();
    const { sentMs, answer: reply } = procedures.last('extend');
    await turnOfTheEventLoop();
    reply([status.held(1000)]);
    expect((await answer).sentMs).toBe(sentMs);
    expect((await answer).receivedMs).toBeGreaterThan(sentMs);
  });

  it('does not wait for an answer before it sends what falls due later', async () => {
    void renewer.renew('a', 1000);
    await turnOfTheEventLoop();
    void renewer.renew('b', 1000);
    await turnOfTheEventLoop();
    expect(procedures.of('extend').map((call) => call.argument)).toEqual([[['a', 1000]], [['b', 1000]]]);
  });

  it('sends at once what cannot wait', () => {
    void renewer.renewNow('a', 500);
    expect(procedures.last('extend').argument).toEqual([['a', 500]]);
  });

  it('never lets a renewal overtake one that was asked for earlier', async () => {
    void renewer.renew('a', 60_000);
    void renewer.renewNow('a', 300_000);
    await turnOfTheEventLoop();
    const ttlsMs = procedures
      .of('extend')
      .flatMap((call) => (call.argument as [string, number][]).map(([, ttlMs]) => ttlMs));
    expect(ttlsMs.at(-1)).toBe(300_000);
  });

  it('sends nothing for a ticket that was forgotten before its turn, and keeps the others', async () => {
    void renewer.renew('a', 1000);
    void renewer.renew('b', 1000);
    renewer.forget('a');
    await turnOfTheEventLoop();
    expect(procedures.of('extend').map((call) => call.argument)).toEqual([[['b', 1000]]]);
  });

  it('sends no empty request', async () => {
    void renewer.renew('a', 1000);
    renewer.forget('a');
    await turnOfTheEventLoop();
    expect(procedures.calls).toEqual([]);
  });

  it('rejects all that were in a request that failed, and none that were not', async () => {
    const failed = [renewer.renew('a', 1000), renewer.renew('b', 1000)];
    await turnOfTheEventLoop();
    const fine = renewer.renew('c', 1000);
    await turnOfTheEventLoop();
    const [first, second] = procedures.of('extend');
    const error = new LockConnectionError('no answer');
    first?.fail(error);
    second?.answer([status.held(1000)]);
    for (const answer of failed) expect(await outcome(answer)).toEqual({ error });
    expect((await fine).value.state).toBe('held');
  });
});
