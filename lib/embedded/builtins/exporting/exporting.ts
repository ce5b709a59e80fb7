import { operationError, see, typeError, valueError } from '../../model/errors.js';
import type { Collection } from '../../model/store/collection.js';
import { deleteTask } from '../../model/store/delete-task.js';
import type { Thing } from '../../model/values/thing.js';
import { typeName } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';
import { loadDump } from './dump-reader.js';
import { dumpCollection } from './dump-writer.js';
import { exportScript } from './script-writer.js';

/** `export({dump: bool})` */
const exportFunction: BuiltIn = {
  name: 'export',
  effects: effects.none,
  root: (query, args) => {
    const page = 'collection-api/export';
    const collection = query.requireCollection('export');
    args.atMost(1, page);
    const isDump = args.count === 1 && readOption(args.thing(query, 0, page), 'export', 'dump');
    if (query.changeId || query.futures.length) {
      throw operationError('function `export` must not be used with a change or future');
    }
    return isDump ? dumpCollection(collection) : exportScript(query.database, collection);
  },
};

/** `import(bytes, {import_tasks: bool})` */
const importFunction: BuiltIn = {
  name: 'import',
  effects: effects.collection,
  root: (query, args) => {
    const page = 'collection-api/import';
    const collection = query.requireCollection('import');
    args.between(1, 2, page);
    const bytes = args.kind(query, 0, 'bytes', page);
    const withTasks = args.count === 2 && readOption(args.thing(query, 1, page), 'import', 'import_tasks');
    requireEmpty(query, collection);
    loadDump(query, collection, bytes);
    if (!withTasks)
      for (const task of [...collection.tasks.values()]) deleteTask(task, collection, query.database);
    return null;
  },
};

/** The one option that there is. Throws -60 for another, -61 for what is no boolean. */
function readOption(options: Thing, name: string, option: string): boolean {
  const { keys, values } = options.ordered();
  let isSet = false;
  keys.forEach((key, at) => {
    const value = values[at] ?? null;
    const page = see(`collection-api/${name}`);
    if (key !== option) throw valueError(`invalid ${name} option \`${key}\`${page}`);
    if (typeof value !== 'boolean') {
      throw typeError(
        `${option} must be of type \`bool\` but got type \`${typeName(value)}\` instead${page}`,
      );
    }
    isSet = value;
  });
  return isSet;
}

function requireEmpty(query: Query, collection: Collection): void {
  collection.settle(query.variableValues());
  const { name, root } = collection;
  const contents: readonly (readonly [count: number, what: string])[] = [
    [collection.things.size - 1, 'things'],
    [collection.types.size, 'types'],
    [root.size, 'properties'],
    [collection.enums.size, 'enumerators'],
    [collection.procedures.size, 'procedures'],
    [collection.tasks.size, 'tasks'],
  ];
  const found = contents.find(([count]) => count > 0);
  if (found) throw operationError(`collection not empty; collection \`${name}\` contains ${found[1]}`);
  if (root.isInUse || query.variableValues().includes(root)) {
    throw operationError(`collection \`${name}\` is being used`);
  }
}

export const exportFunctions: readonly BuiltIn[] = [exportFunction, importFunction];
