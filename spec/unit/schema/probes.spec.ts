import { PROBES } from '../../../lib/schema/probes.js';
import { procedures } from '../../../lib/schema/source.generated.js';
import { onEachBackEnd } from '../../support/back-end.js';

const PROBED = Object.values(PROBES).flat();

it('there is one for each procedure of managers, but the one that only reads the version', () => {
  const own = Object.keys(procedures).filter((name) => name.startsWith('lock_') && name !== 'lock_schema');
  expect(PROBED.map(({ procedure }) => procedure).sort()).toEqual(own.sort());
});

onEachBackEnd('a probe', (backEnd) => {
  it.each(PROBED)(
    'of $procedure is refused for its arguments, and leaves the state as it was',
    async (probe) => {
      await backEnd.manager().setup();
      const before = await backEnd.left();
      await expect(backEnd.run(probe.procedure, ...probe.args)).rejects.toMatchObject({ error_code: -100 });
      expect(await backEnd.left()).toEqual(before);
    },
  );
});
