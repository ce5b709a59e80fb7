import { lookupError, operationError, see, valueError } from '../../model/errors.js';
import { isAscii } from '../../model/text.js';
import { type BaseName, baseNames, Restriction } from '../../model/values/restriction.js';
import type { Thing } from '../../model/values/thing.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { whileLocked } from '../../runtime/operations/updates.js';
import { callMethod } from '../../runtime/compiler/chain-compiler.js';
import type { Query } from '../../runtime/query.js';
import { onThing } from './on-thing.js';

const restrict = onThing('restrict', effects.mutation, null, (query, args, self, page) => {
  if (self.type) throw lookupError(`type \`${self.type.name}\` has no property or method \`restrict\``);
  args.exactly(1, page);
  query.requireChange('thing', self.id !== 0n);
  return whileLocked(self, () => {
    const wanted = args.value(query, 0);
    if (wanted !== null && typeof wanted !== 'string') throw args.expected(0, '`str` or `nil`', wanted, page);
    const restriction = wanted === null ? null : readRestriction(query, wanted);
    const before = self.restriction;
    if (before === restriction || (restriction && before?.equals(restriction))) return self;
    if (before && isEnforced(query, self)) {
      throw operationError('current restriction is enforced by at least one type');
    }
    if (restriction && !self.values.every((value) => restriction.allows(value))) {
      throw valueError('at least one of the existing values does not match the desired restriction');
    }
    self.restriction = restriction;
    return self;
  });
});

/** Whether a property like `thing<int>` holds this thing. */
function isEnforced(query: Query, thing: Thing): boolean {
  for (const other of [...(query.collection?.things.values() ?? []), ...query.thingsInVariables()]) {
    const at = other.type ? other.values.indexOf(thing) : -1;
    if (at >= 0 && other.type?.fields[at]?.nested) return true;
  }
  return false;
}

const RESTRICT_PAGE = 'data-types/thing/restrict';

function readRestriction(query: Query, text: string): Restriction | null {
  const isNillable = text.endsWith('?');
  const name = isNillable ? text.slice(0, -1) : text;
  if (name.endsWith('>')) {
    throw valueError(`restriction must not contain a range condition${see(RESTRICT_PAGE)}`);
  }
  if (name === '') throw valueError(`restriction must not be empty${see(RESTRICT_PAGE)}`);
  if (name === 'any') return null;
  if (baseNames.includes(name as BaseName)) return new Restriction(name as BaseName, isNillable);
  const base = query.collection?.types.get(name) ?? query.collection?.enums.get(name);
  if (base) return new Restriction(base, isNillable);
  if (!isAscii(name)) {
    throw valueError(`restriction must only contain valid ASCII characters${see(RESTRICT_PAGE)}`);
  }
  throw valueError(`failed to set restriction; unknown type \`${name}\`${see(RESTRICT_PAGE)}`);
}

const restriction: BuiltIn = {
  name: 'restriction',
  effects: effects.none,
  chain: {
    thing: (query, args, self) => {
      if (self.type) return callMethod(query, self, 'restriction', args);
      args.exactly(0, 'data-types/thing/restriction');
      return self.restriction?.text ?? null;
    },
    list: (query, args, self) => {
      if (self.isTuple) return callMethod(query, self, 'restriction', args);
      args.exactly(0, 'data-types/list/restriction');
      return self.field?.nested?.text ?? null;
    },
    set: (_query, args, self) => {
      args.exactly(0, 'data-types/set/restriction');
      return self.field?.nested?.text ?? null;
    },
  },
};

export const restrictFunctions: readonly BuiltIn[] = [restrict, restriction];
