import { compile } from '../support/compile.js';

it('the public types are what spec/types/public-types.ts claims', () => {
  expect(compile(['spec/types/public-types.ts'])).toEqual([]);
});

it('a claim that does not hold would be told', () => {
  const told = compile([], {
    'spec/types/wrong.ts': `
      import { LockManager } from '../../lib/index.js';
      declare const manager: LockManager;
      manager.on('acquired', (event) => event.token);
      // @ts-expect-error this is fine
      manager.get('a');
    `,
  });
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/^spec\/types\/wrong\.ts:4: .*token/);
  expect(told[1]).toMatch(/Unused '@ts-expect-error'/);
});
