import { printPretty } from '../../language/printer.js';
import { Privileges } from '../../model/accounts/privileges.js';
import { lookupError, notFound, see, valueError } from '../../model/errors.js';
import { addProcedure, type Procedure } from '../../model/store/procedure.js';
import { fromByteString, isValidName } from '../../model/text.js';
import type { Closure } from '../../model/values/closure.js';
import { List } from '../../model/values/list.js';
import { PackedData } from '../../model/values/packed-data.js';
import type { Wire } from '../../msgpack/wire.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { stringLiteral } from '../../runtime/compiler/string-literal.js';
import { byName } from '../../runtime/operations/by-name.js';
import type { Query } from '../../runtime/query.js';

/** The text with which the body of a closure begins, if it does. */
function docOf(closure: Closure): string {
  const { body } = closure.node;
  const first = body.type === 'block' ? body.statements[0] : undefined;
  if (first?.type !== 'expression' || first.head.type !== 'string') return '';
  return stringLiteral(closure.source.text.slice(first.head.start, first.head.end));
}

/** What is told about a closure, as procedures and methods give it. */
export function closureInfo(closure: Closure, withDefinition: boolean): Record<string, Wire> {
  return {
    doc: fromByteString(docOf(closure)),
    ...(withDefinition ? { definition: fromByteString(printPretty(closure.source, closure.node)) } : {}),
    with_side_effects: closure.hasSideEffects,
    arguments: [...closure.parameters],
  };
}

function procedureInfo(procedure: Procedure, withDefinition: boolean): Wire {
  const { doc = '', ...rest } = closureInfo(procedure.closure, withDefinition);
  return { doc, name: procedure.name, created_at: BigInt(procedure.createdAt), ...rest };
}

function mayChange(query: Query): boolean {
  return query.scope.access.allows(query.user, Privileges.change);
}

function find(query: Query, name: string): Procedure {
  const procedure = query.procedures.get(name);
  if (!procedure) throw notFound('procedure', name);
  return procedure;
}

function requireProcedureName(name: string): void {
  if (!isValidName(name)) {
    throw valueError(`procedure name must follow the naming rules${see('overview/names')}`);
  }
}

/** A function of `@thingsdb` and collections with a fixed number of arguments, the first a name. */
function onProcedures(
  name: string,
  effect: BuiltIn['effects'],
  count: number,
  body: (
    query: Query,
    name: string,
    more: { readonly closure: () => Closure; readonly text: () => string },
  ) => ReturnType<NonNullable<BuiltIn['root']>>,
): BuiltIn {
  const page = `procedures-api/${name}`;
  return {
    name,
    effects: effect,
    root: (query, args) => {
      query.requireThingsdbOrCollection(name);
      args.exactly(count, page);
      return body(query, args.string(query, 0, page), {
        closure: () => args.closure(query, 1, page),
        text: () => args.string(query, 1, page),
      });
    },
  };
}

const newProcedure = onProcedures('new_procedure', effects.both, 2, (query, name, { closure }) => {
  requireProcedureName(name);
  const made = closure();
  if (query.procedures.has(name)) throw lookupError(`procedure \`${name}\` already exists`);
  made.store();
  const { limits, nowSeconds: createdAt } = query.database;
  addProcedure(query.procedures, { name, closure: made, createdAt }, limits);
  return name;
});

const modProcedure = onProcedures('mod_procedure', effects.both, 2, (query, name, { closure }) => {
  const procedure = find(query, name);
  const made = closure();
  made.store();
  procedure.closure = made;
  return null;
});

const delProcedure = onProcedures('del_procedure', effects.both, 1, (query, name) => {
  find(query, name);
  query.procedures.delete(name);
  return null;
});

const renameProcedure = onProcedures('rename_procedure', effects.both, 2, (query, name, { text }) => {
  const procedure = find(query, name);
  const to = text();
  requireProcedureName(to);
  if (query.procedures.has(to)) throw lookupError(`procedure \`${to}\` already exists`);
  query.procedures.delete(name);
  procedure.name = to;
  query.procedures.set(to, procedure);
  return null;
});

const proceduresInfo: BuiltIn = {
  name: 'procedures_info',
  effects: effects.none,
  root: (query, args) => {
    query.requireThingsdbOrCollection('procedures_info');
    args.exactly(0, 'procedures-api/procedures_info');
    const withDefinition = mayChange(query);
    const sorted = byName(query.procedures.values());
    return new List(sorted.map((procedure) => new PackedData(procedureInfo(procedure, withDefinition))));
  },
};

const doc: BuiltIn = {
  name: 'doc',
  effects: effects.none,
  chain: {
    closure: (_query, args, self) => {
      args.exactly(0, 'data-types/closure/doc');
      return docOf(self);
    },
  },
};

export const procedureFunctions: readonly BuiltIn[] = [
  newProcedure,
  modProcedure,
  delProcedure,
  renameProcedure,
  proceduresInfo,
  onProcedures('has_procedure', effects.none, 1, (query, name) => query.procedures.has(name)),
  onProcedures('procedure_doc', effects.none, 1, (query, name) => docOf(find(query, name).closure)),
  onProcedures(
    'procedure_info',
    effects.none,
    1,
    (query, name) => new PackedData(procedureInfo(find(query, name), mayChange(query))),
  ),
  doc,
];
