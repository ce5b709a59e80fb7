import { Privileges } from '../../model/accounts/privileges.js';
import { notSupported, see, valueError } from '../../model/errors.js';
import { List } from '../../model/values/list.js';
import { PackedData } from '../../model/values/packed-data.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import { describeCounters, describeNode, describeNodeAmongNodes } from './describe-node.js';

/** The only node there is. */
const NODE_ID = 0n;

const MAX_UINT32 = 4_294_967_295n;

export const nodeInfo: BuiltIn = {
  name: 'node_info',
  effects: effects.none,
  root(query, args) {
    query.requireNode('node_info');
    args.exactly(0, 'node-api/node_info');
    return new PackedData(describeNode(query.database));
  },
};

export const nodesInfo: BuiltIn = {
  name: 'nodes_info',
  effects: effects.none,
  root(query, args) {
    query.requireNode('nodes_info');
    args.exactly(0, 'node-api/nodes_info');
    return new List([new PackedData(describeNodeAmongNodes(query.database))]);
  },
};

export const counters: BuiltIn = {
  name: 'counters',
  effects: effects.none,
  root(query, args) {
    query.requireNode('counters');
    args.exactly(0, 'node-api/counters');
    return new PackedData(describeCounters(query.database));
  },
};

export const resetCounters: BuiltIn = {
  name: 'reset_counters',
  effects: effects.none,
  root(query, args) {
    query.requireNode('reset_counters');
    const { accounts, node, clock } = query.database;
    accounts.node.require(query.user, Privileges.change);
    args.exactly(0, 'node-api/reset_counters');
    node.resetCounters(clock.now());
    return null;
  },
};

export const setLogLevel: BuiltIn = {
  name: 'set_log_level',
  effects: effects.none,
  root(query, args) {
    query.requireNode('set_log_level');
    const { accounts, node } = query.database;
    accounts.node.require(query.user, Privileges.change);
    args.exactly(1, 'node-api/set_log_level');
    node.setLogLevel(Number(args.int(query, 0, 'node-api/set_log_level')));
    return null;
  },
};

export const hasNode: BuiltIn = {
  name: 'has_node',
  effects: effects.none,
  root(query, args) {
    query.requireThingsdb('has_node');
    args.exactly(1, 'thingsdb-api/has_node');
    const id = args.int(query, 0, 'thingsdb-api/has_node');
    if (id < 0n || id > MAX_UINT32) {
      throw valueError(
        `function \`has_node\` expects argument 1 to be an integer value between 0 and ${MAX_UINT32}` +
          see('thingsdb-api/has_node'),
      );
    }
    return id === NODE_ID;
  },
};

export const shutdown: BuiltIn = {
  name: 'shutdown',
  effects: effects.none,
  root(query, args) {
    query.requireNode('shutdown');
    query.database.accounts.node.require(query.user, Privileges.change);
    args.exactly(0, 'node-api/shutdown');
    throw notSupported('shutdown(): whoever started the server closes it');
  },
};
