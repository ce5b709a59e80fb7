import { type BuiltIn, effects } from '../../lib/embedded/runtime/built-in.js';
import { madeText } from '../../lib/embedded/model/budget.js';

const swap = (letter: string): string => {
  const upper = letter.toUpperCase();
  return letter === upper ? letter.toLowerCase() : upper;
};

/** `str.swap_case()`: small letters become capitals, and the other way round. */
export const swapCase: BuiltIn = {
  name: 'swap_case',
  // It changes nothing that is stored, so that a query with it needs no change.
  effects: effects.none,
  chain: {
    str: (_query, args, self) => {
      // First how many arguments there are, then the arguments: the first error must be the one a node gives.
      args.exactly(0, 'data-types/str/swap_case');
      // Whatever makes text counts it, so that no query makes more than it may.
      return madeText(self.replace(/[A-Za-z]/g, swap));
    },
  },
};
