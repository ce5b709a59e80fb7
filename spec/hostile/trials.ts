import { setTimeout as sleep } from 'node:timers/promises';
import { idText, many, type Occupant, type Occupants, SWEEP, type Wish } from './occupants.js';
import type { Sent } from './wire.js';

/** One call at its worst: what is in the collection before it, and the call. */
export interface Trial {
  readonly title: string;
  readonly prepare?: (occupants: Occupants) => Promise<void>;
  readonly call: (occupants: Occupants) => readonly [procedure: string, args: readonly Sent[]];
}

const own = (i: number): Wish => ({ names: [`own ${i}`] });
const shared = (name = 'shared', ttlMs?: number): Wish => ({
  names: [name],
  isShared: true,
  ...(ttlMs === undefined ? {} : { ttlMs }),
});
const NAMES_64 = Array.from({ length: 64 }, (_, i) => `of 64, ${i}`);
const shared64: Wish = { names: NAMES_64, isShared: true };
const batch = (occupants: Occupants, operations: readonly Sent[]) =>
  ['lock_batch', occupants.call(operations)] as const;

/** A trial that needs the requests that its preparation made. */
function with1024(
  title: string,
  wishes: (i: number) => Wish,
  operation: (occupant: Occupant) => Sent,
  before: (occupants: Occupants) => Promise<unknown> = () => Promise.resolve(),
  after: (occupants: Occupants) => Promise<unknown> = () => Promise.resolve(),
): Trial {
  let made: Occupant[] = [];
  return {
    title,
    prepare: async (occupants) => {
      await before(occupants);
      made = await occupants.take(many(1_024, wishes));
      await after(occupants);
    },
    call: (occupants) => batch(occupants, made.map(operation)),
  };
}

/** Shared requests that wait for one name behind an exclusive one, of as many processes as are asked for. */
async function queueUp(occupants: Occupants, count: number, processes: number): Promise<void> {
  [first] = await occupants.take([{ names: ['shared'] }]);
  for (let i = 0; i < processes; i++)
    await occupants.take(
      many(count / processes, () => shared()),
      idText(),
    );
}

/** They are granted, and none of them says that it knows. */
async function leaveUnanswered(occupants: Occupants, count: number, processes: number): Promise<void> {
  await queueUp(occupants, count, processes);
  await occupants.run('lock_batch', occupants.call([release(first as Occupant)]));
  await occupants.expire();
}

const release = ({ name, id }: Occupant): Sent => ['release', name, id];
const surely = ({ name, id }: Occupant): Sent => ['check', name, id, true];

export const TRIALS: readonly Trial[] = [
  {
    title: 'lock_batch: 1,024 acquires of free names',
    call: (o) => batch(o, o.operations(many(1_024, own))),
  },
  {
    title: 'lock_batch: 64 acquires of 64 free names each',
    call: (o) => batch(o, o.operations(many(64, (i) => ({ names: NAMES_64.map((name) => `${name} ${i}`) })))),
  },
  {
    title: 'lock_batch: 64 acquires of the same 64 names',
    call: (o) => batch(o, o.operations(many(64, () => ({ names: NAMES_64 })))),
  },
  {
    title: 'lock_batch: 64 shared acquires of the same 64 names',
    call: (o) => batch(o, o.operations(many(64, () => shared64))),
  },
  {
    title: 'lock_batch: 1,024 shared acquires of one free name',
    call: (o) => batch(o, o.operations(many(1_024, () => shared()))),
  },
  {
    title: 'lock_batch: 1,024 shared acquires of one name with 2,000 holders',
    prepare: async (o) => void (await o.take(many(2_000, () => shared()))),
    call: (o) => batch(o, o.operations(many(1_024, () => shared()))),
  },
  with1024('lock_batch: 1,024 shared releases of one name', () => shared(), release),
  {
    title: 'lock_batch: 1,024 acquires of one held name',
    prepare: async (o) => void (await o.take([{ names: ['one'] }])),
    call: (o) => batch(o, o.operations(many(1_024, () => ({ names: ['one'] })))),
  },
  with1024('lock_batch: 1,024 sure checks of one queue', () => ({ names: ['one'] }), surely),
  with1024('lock_batch: 1,024 releases of one queue, the last first', () => ({ names: ['one'] }), release),
  with1024('lock_batch: 1,024 releases, with one waiter each', own, release, undefined, (o) =>
    o.take(many(1_024, own), idText()),
  ),
  {
    title: 'lock_batch: one acquire of 64 names with 1,000 shared holders each',
    prepare: async (o) => void (await o.take(many(1_000, () => shared64))),
    call: (o) => batch(o, o.operations([shared64])),
  },
  {
    title: 'lock_batch: one acquire of a name with 10,000 shared holders',
    prepare: async (o) => void (await o.take(many(10_000, () => shared()))),
    call: (o) => batch(o, o.operations([shared()])),
  },
  {
    title: 'lock_batch: one release, behind which 10,000 shared requests wait',
    prepare: async (o) => {
      [first] = await o.take([{ names: ['shared'] }]);
      await o.take(many(10_000, () => shared()));
    },
    call: (o) => batch(o, [release(first as Occupant)]),
  },
  {
    title: 'lock_batch: one release, behind which 10,000 shared requests for two names wait',
    prepare: async (o) => {
      [first] = await o.take([{ names: ['shared'] }]);
      await o.take(many(10_000, () => ({ names: ['shared', 'other'], isShared: true })));
    },
    call: (o) => batch(o, [release(first as Occupant)]),
  },
  {
    title: 'lock_batch: one release of 64 names with 1,000 shared holders each, for all of which others wait',
    prepare: async (o) => {
      [first] = await o.take(many(1_000, () => shared64));
      await o.take([{ names: NAMES_64 }], idText());
      await o.take([shared64], idText());
    },
    call: (o) => batch(o, [release(first as Occupant)]),
  },
  {
    title: 'lock_batch: one acquire of a name whose 2,000 shared leases have expired',
    prepare: async (o) => {
      await o.take(many(2_000, () => shared('shared', 60_000)));
      await o.expire();
    },
    call: (o) => batch(o, o.operations([shared()])),
  },
  {
    title:
      'lock_batch: one acquire of a name whose 10,000 shared leases have expired behind 10,000 live ones',
    prepare: async (o) => {
      await o.take(many(10_000, () => shared()));
      await o.take(many(10_000, () => shared('shared', 60_000)));
      await o.expire(10_000);
    },
    call: (o) => batch(o, o.operations([shared()])),
  },
  {
    title:
      'lock_batch: one acquire of a name which 10,000 shared requests of one process were granted unheard',
    prepare: (o) => leaveUnanswered(o, 10_000, 1),
    call: (o) => batch(o, o.operations([shared()])),
  },
  {
    title: 'lock_batch: one acquire of a name which 2,000 processes were granted unheard',
    prepare: (o) => leaveUnanswered(o, 2_000, 2_000),
    call: (o) => batch(o, o.operations([shared()])),
  },
  {
    title: 'lock_batch: one release, behind which 10,000 shared requests wait behind as many silent ones',
    prepare: async (o) => {
      await leaveUnanswered(o, 10_000, 1);
      await o.run('lock_locked', ['shared']);
      await o.alter(
        's.inboxes.values().each(|box| { if (box.silent) box.silent = int(now() + 3600) * 1000000; nil; });',
      );
      await queueUp(o, 10_000, 1);
    },
    call: (o) => batch(o, [release(first as Occupant)]),
  },
  {
    title: 'lock_batch: 1,024 acquires of a name in whose queue 2,000 silent requests stand',
    prepare: async (o) => {
      const inbox = idText();
      [first] = await o.take([{ names: ['one'] }]);
      await o.take(
        many(2_000, () => ({ names: ['one'] })),
        inbox,
      );
      await o.run('lock_batch', o.call([release(first as Occupant)]));
      // The first of the 2,000 is granted, does not answer, and all of them are set aside.
      await sleep(1_000);
      await o.take([{ names: ['one'] }]);
    },
    call: (o) => batch(o, o.operations(many(1_024, () => ({ names: ['one'] })))),
  },
  {
    title: 'lock_batch: 1,024 tries of a name with 1,000 shared holders that may keep it',
    prepare: async (o) => void (await o.take(many(1_000, () => ({ ...shared(), lingers: true })))),
    call: (o) =>
      batch(
        o,
        o.operations(
          many(1_024, () => ({ names: ['shared'] })),
          'try',
        ),
      ),
  },
  {
    title: 'lock_batch: 64 tries of the same 64 names with 1,000 shared holders each that may keep them',
    prepare: async (o) => void (await o.take(many(1_000, () => ({ ...shared64, lingers: true })))),
    call: (o) =>
      batch(
        o,
        o.operations(
          many(64, () => ({ names: NAMES_64 })),
          'try',
        ),
      ),
  },
  {
    title: 'lock_steal of 64 names with 100 shared holders each',
    prepare: async (o) => void (await o.take(many(100, () => shared64))),
    call: (o) => ['lock_steal', [o.inbox, 'thief', o.operation({ names: NAMES_64 })[0]]],
  },
  {
    title: 'lock_steal of a name with 2,000 shared holders, which hold another behind 10,000',
    prepare: async (o) => {
      await o.take(many(10_000, () => shared('crowded')));
      await o.take(many(2_000, () => ({ names: ['shared', 'crowded'], isShared: true })));
    },
    call: (o) => ['lock_steal', [o.inbox, 'thief', o.operation({ names: ['shared'] })[0]]],
  },
  {
    title: 'lock_force_release of a name with 2,000 shared holders',
    prepare: async (o) => void (await o.take(many(2_000, () => shared()))),
    call: () => ['lock_force_release', ['shared']],
  },
  {
    title: 'lock_ask of a name with 2,000 shared holders',
    prepare: async (o) => void (await o.take(many(2_000, () => shared()))),
    call: () => ['lock_ask', ['shared', 'somebody']],
  },
  {
    title: 'lock_close of an inbox with 2,000 held names',
    prepare: async (o) => void (await o.take(many(2_000, own))),
    call: (o) => ['lock_close', [o.inbox]],
  },
  {
    title: 'lock_close of an inbox with 64 requests for the same 64 names',
    prepare: async (o) => void (await o.take(many(64, () => ({ names: NAMES_64 })))),
    call: (o) => ['lock_close', [o.inbox]],
  },
  {
    title: 'lock_close of an inbox with 2,000 shared leases on one name',
    prepare: async (o) => void (await o.take(many(2_000, () => shared()))),
    call: (o) => ['lock_close', [o.inbox]],
  },
  {
    title: 'lock_close of an inbox with 2,000 shared leases on one name, behind 10,000 of others',
    prepare: async (o) => {
      await o.take(many(10_000, () => shared()));
      await o.take(
        many(2_000, () => shared()),
        OTHER,
      );
    },
    call: () => ['lock_close', [OTHER]],
  },
  {
    title: 'lock_close of an empty inbox beside 100,000 held names',
    prepare: async (o) => {
      await o.take(many(100_000, own));
      const [one] = await o.take([{ names: ['one'] }], OTHER);
      await o.run('lock_batch', o.call([release(one as Occupant)], OTHER));
    },
    call: () => ['lock_close', [OTHER]],
  },
  {
    title: 'lock_query of 1,000 names beside 100,000 held names',
    prepare: async (o) => void (await o.take(many(100_000, own))),
    call: () => ['lock_query', [null, '', 1_000n]],
  },
  {
    title: 'lock_query of a name for which 10,000 wait',
    prepare: async (o) => void (await o.take(many(10_000, () => ({ names: ['one'] })))),
    call: () => ['lock_query', ['one', '', 1n]],
  },
  {
    title: 'lock_query of a name for which 30,000 wait',
    prepare: async (o) => void (await o.take(many(30_000, () => ({ names: ['one'] })))),
    call: () => ['lock_query', ['one', '', 1n]],
  },
  {
    title: 'lock_query of 1,000 names with 100 shared holders each',
    prepare: async (o) => {
      for (let i = 0; i < 1_000; i++) await o.take(many(100, () => shared(`own ${i}`)));
    },
    call: () => ['lock_query', [null, '', 1_000n]],
  },
  { title: 'lock_watch of 64 names', call: () => ['lock_watch', [NAMES_64]] },
  {
    title: 'lock_locked of a name whose 2,000 shared leases have expired',
    prepare: async (o) => {
      await o.take(many(2_000, () => shared('shared', 60_000)));
      await o.expire();
    },
    call: () => ['lock_locked', ['shared']],
  },
  {
    title: 'Python: acquire of a name for which 10,000 wait',
    prepare: async (o) => void (await o.take(many(10_000, () => ({ names: ['one'] })))),
    call: () => ['acquire', ['one', 60n]],
  },
  {
    title: 'the sweeper beside 100,000 held names',
    prepare: async (o) => {
      await o.take(many(100_000, own));
      await o.prepareSweep();
    },
    call: () => [SWEEP, []],
  },
  {
    title: 'the sweeper, to end 20,000 leases of as many names',
    prepare: async (o) => {
      await o.take(many(20_000, (i) => ({ ...own(i), ttlMs: 60_000 })));
      await o.expire();
      await o.prepareSweep();
    },
    call: () => [SWEEP, []],
  },
  {
    title: 'the sweeper, to end 10,000 shared leases of one name behind as many live ones',
    prepare: async (o) => {
      await o.take(many(10_000, () => shared()));
      await o.take(many(10_000, () => shared('shared', 60_000)));
      await o.expire(10_000);
      await o.prepareSweep();
    },
    call: () => [SWEEP, []],
  },
  {
    title: 'the sweeper, to forget 2,000 silent processes with a request each',
    prepare: async (o) => {
      await leaveUnanswered(o, 2_000, 2_000);
      await o.run('lock_locked', ['shared']);
      await o.age();
      await o.prepareSweep();
    },
    call: () => [SWEEP, []],
  },
  {
    title: 'the sweeper beside 100,000 held names, where one inbox is not in use any more',
    prepare: async (o) => {
      await o.take(many(100_000, own));
      const [one] = await o.take([{ names: ['one'] }], OTHER);
      await o.run('lock_batch', o.call([release(one as Occupant)], OTHER));
      await o.age();
      await o.prepareSweep();
    },
    call: () => [SWEEP, []],
  },
  ...[false, true].flatMap((isOver): Trial[] => {
    const how = isOver ? ', whose time is over' : '';
    const swept = (title: string, fill: (o: Occupants) => Promise<void>): Trial => ({
      title: `${title}${how}`,
      prepare: async (o) => {
        await fill(o);
        if (isOver) await o.age();
        await o.prepareSweep();
      },
      call: () => [SWEEP, []],
    });
    return [
      swept('the sweeper beside 100,000 tombstones', (o) => o.withdraw(100_000)),
      swept('the sweeper beside 100,000 watched names', (o) =>
        o.alter(`range(100000).each(|i| {
          s.watches[':watched ' + str(i)] = {room: room(), due: int(now() + 100) * 1000000};
          nil;
        });`),
      ),
      swept('the sweeper beside 100,000 inboxes', (o) =>
        o.alter(`range(100000).each(|i| {
          due = int(now() + 100) * 1000000;
          id = 'inbox ' + str(i);
          s.inboxes[':' + id] = {id:, owner: '', room: room(), used: true, probe: 0, seen: 0, silent: 0, due:};
          nil;
        });`),
      ),
    ];
  }),
];

/** The preparation's first request. */
let first: Occupant | undefined;
const OTHER = idText();
