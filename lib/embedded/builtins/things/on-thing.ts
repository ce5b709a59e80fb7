import type { Thing } from '../../model/values/thing.js';
import type { Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import type { BuiltIn } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';

type Body = (query: Query, args: Args, self: Thing, page: string) => Value;

/** A function of things only; `count` arguments, or `null` when it checks them itself. */
export function onThing(name: string, effect: BuiltIn['effects'], count: number | null, body: Body): BuiltIn {
  const page = `data-types/thing/${name}`;
  return {
    name,
    effects: effect,
    chain: {
      thing: (query, args, self) => {
        if (count !== null) args.exactly(count, page);
        return body(query, args, self, page);
      },
    },
  };
}
