import { withConstants } from './constants.js';
import { functions, migrations, procedures } from './source.generated.js';

/**
 * The query that brings a collection to this version's schema. It is idempotent. It is one query, so that nobody ever
 * sees half of it. A query is no transaction, so all that can be refused is checked before the first change.
 *
 * -> [version, oldest version whose clients can use it]
 */
export function installCode(prefix = ''): string {
  const names = Object.keys(procedures).map((name) => prefix + name);
  const code = `
known = .has('$STATE') ? .$STATE.schema : 0;
if (known >= $SCHEMA) return [.$STATE.schema, .$STATE.compatible];

if (!known && ('$PREFIX' != '' || !has_type('Inner')) && ${JSON.stringify(names)}.some(|name| has_procedure(name))) {
    raise(err($NAME_CLASH, 'this collection has procedures of its own under the names that the lock needs'));
};
if (!known && (has_type('$REQUEST') || has_type('$QUEUE'))) {
    raise(err($NAME_CLASH, 'this collection has types of its own under the names that the lock needs: $REQUEST, $QUEUE'));
};
if (!known && ('$PREFIX' != '' || !has_type('Inner')) && type(root()) != 'thing') {
    raise(err($NAME_CLASH, 'the root of this collection is of a type, which takes no other properties; one that the Python lock has set up is taken over by a setup without a prefix'));
};

at = int(now() * 1000000);
requests = [];
${Object.keys(migrations).sort(byNumber).map(migrationStep).join('\n')}
.$STATE.fn = {
${Object.entries(functions)
  .map(([name, code]) => `${name}: ${code}`)
  .join(',\n')}
};
${Object.entries(procedures)
  .map(([name, code]) => procedureStep(prefix + name, code))
  .join('\n')}
state = .$STATE;
requests.each(|r| state.fn.enlist(state, r[0], r[1], r[2] * 1000, at, r[3]));
// Python may have failed to tell the first in line: who knows already does not mind.
if (requests) state.locks.each(|_, q| q.held.each(|r| r.inbox.room.emit('go')));
state.schema = $SCHEMA;
state.compatible = $COMPATIBLE;
[state.schema, state.compatible];
`;
  return withConstants(code, prefix);
}

function byNumber(a: string, b: string): number {
  return Number(a) - Number(b);
}

function migrationStep(version: string): string {
  return `if (known < ${version}) { migrate = ${migrations[version]}; requests = wse(migrate()); };`;
}

function procedureStep(name: string, code: string): string {
  return `has_procedure('${name}') ? mod_procedure('${name}', ${code}) : new_procedure('${name}', ${code});`;
}
