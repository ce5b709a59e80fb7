import { notSupported } from '../../model/errors.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';

/** Functions of a real node for which there is nothing here: other nodes, files, programs of their own. */
const CHANGING = [
  'new_node',
  'del_node',
  'new_module',
  'del_module',
  'deploy_module',
  'rename_module',
  'refresh_module',
  'set_module_conf',
  'set_module_scope',
  'restore',
  'set_history',
  'del_history',
];
const READING = [
  'new_backup',
  'del_backup',
  'has_backup',
  'backup_info',
  'backups_info',
  'backups_ok',
  'has_module',
  'module_info',
  'modules_info',
  'restart_module',
  'history',
  'commit',
];

export const unsupportedFunctions: readonly BuiltIn[] = [
  ...CHANGING.map((name) => refuse(name, effects.thingsdb, (query) => query.requireThingsdb(name))),
  ...READING.map((name) => refuse(name, effects.none)),
];

function refuse(
  name: string,
  effect: BuiltIn['effects'],
  requireScope: (query: Query) => void = () => undefined,
): BuiltIn {
  return {
    name,
    effects: effect,
    root(query) {
      requireScope(query);
      throw notSupported(`${name}(): ${reason(name)}`);
    },
  };
}

function reason(name: string): string {
  if (name.includes('module')) return 'a module is a program of its own that a node starts';
  if (name.includes('backup') || name === 'restore') {
    return 'nothing is kept on disk; a test can take a snapshot and put it back';
  }
  if (name.endsWith('_node')) return 'there is one node, in the process that started it';
  return 'what was committed is kept on disk, and nothing is here';
}
