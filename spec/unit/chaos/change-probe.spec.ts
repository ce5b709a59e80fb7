import { setTimeout as sleep } from 'node:timers/promises';
import { startThingsDB, type EmbeddedThingsDB } from '../../../lib/testing/index.js';
import { ChangeProbe } from '../../chaos/change-probe.js';
import { clockMs } from '../../chaos/history.js';
import { until } from '../../support/until.js';

const AUTH = { username: 'admin', password: 'pass' };
/** Longer than a node may take for a change, and until the probe asks for the next. */
const FROZEN_MS = 800;

describe('a probe for changes', () => {
  let db: EmbeddedThingsDB;
  let lastedMs: number[];
  let probe: ChangeProbe;

  beforeEach(async () => {
    lastedMs = [];
    db = await startThingsDB();
    probe = new ChangeProbe(db.url, AUTH, '//stuff', (fromMs, toMs) => lastedMs.push(toMs - fromMs));
  });

  afterEach(async () => {
    db.faults.thaw();
    await probe.close();
    await db.close();
  });

  it('tells of a server that stands still when it goes on, and when the probe is closed before', async () => {
    // It has been let in.
    await until(() => probe.changedMs > 0);
    const frozenMs = clockMs();
    db.faults.freeze();
    await sleep(FROZEN_MS);
    const thawedMs = clockMs();
    db.faults.thaw();
    await until(() => probe.changedMs > thawedMs);
    expect(lastedMs).toHaveLength(1);
    expect(lastedMs[0]).toBeGreaterThan(FROZEN_MS - 300);
    expect(lastedMs[0]).toBeLessThan(clockMs() - frozenMs + 300);
    db.faults.freeze();
    await sleep(FROZEN_MS);
    await probe.close();
    expect(lastedMs).toHaveLength(2);
  });

  it('has nothing to tell of a server that works', async () => {
    await sleep(FROZEN_MS);
    await probe.close();
    expect(lastedMs).toEqual([]);
  });
});
