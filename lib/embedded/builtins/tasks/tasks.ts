import { Privileges } from '../../model/accounts/privileges.js';
import {
  lookupError,
  maxQuotaError,
  numArgumentsError,
  operationError,
  see,
  typeError,
  valueError,
} from '../../model/errors.js';
import { MAX_TASKS } from '../../model/limits.js';
import { deleteTask } from '../../model/store/delete-task.js';
import type { Closure } from '../../model/values/closure.js';
import { DateTime } from '../../model/values/date-time.js';
import { List } from '../../model/values/list.js';
import { Task } from '../../model/values/task.js';
import { typeName, type Value } from '../../model/values/value.js';
import type { Args } from '../../runtime/args.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';
import type { Query } from '../../runtime/query.js';
import { moveBy, readUnit } from '../times/moving.js';

const PAGE = 'collection-api/task';
const LAST_SECOND = 4294967295;

const tasksOf = (query: Query): Map<bigint, Task> => query.collection?.tasks ?? query.database.tasks;

/** Seconds at which a task may run. Throws -60. */
function startTime(seconds: number, where: string): number {
  if (seconds < 0 || seconds > LAST_SECOND) throw valueError(`start time out-of-range${see(where)}`);
  return seconds;
}

/** The values for a task's closure, without the task itself, which comes first. */
function taskArguments(query: Query, args: Args, at: number, parameters: number, where: string): Value[] {
  const items = args.count > at ? args.list(query, at, where).items : [];
  const most = Math.max(0, parameters - 1);
  if (items.length > most) {
    const plural = (count: number): string => `${count} argument${count === 1 ? '' : 's'}`;
    throw numArgumentsError(
      `got ${plural(items.length).replace(' ', ' task ')} while the given closure takes at most ${plural(most)}${see(PAGE)}`,
    );
  }
  if (!query.collection) {
    for (const item of items) {
      if (
        typeof item === 'object' &&
        (item?.kind === 'thing' || item?.kind === 'room' || item?.kind === 'set')
      ) {
        throw typeError(
          `type \`${typeName(item)}\` is not allowed as a task argument in the \`@thingsdb\` scope${see(PAGE)}`,
        );
      }
    }
  }
  return Array.from({ length: most }, (_, index) => items[index] ?? null);
}

const task: BuiltIn = {
  name: 'task',
  effects: effects.both,
  root: (query, args) => {
    query.requireThingsdbOrCollection('task');
    args.atMost(3, PAGE);
    if (args.count === 0) return new Task();
    const tasks = tasksOf(query);
    if (args.count === 1) {
      const id = args.value(query, 0);
      if (typeof id !== 'bigint') throw typeError(`cannot convert type \`${typeName(id)}\` to \`task\``);
      const found = tasks.get(id);
      if (!found) throw lookupError(`task with id ${id} not found`);
      return found;
    }
    const start = args.dateTime(query, 0, PAGE);
    if (tasks.size >= MAX_TASKS) throw maxQuotaError(`maximum number of tasks (${MAX_TASKS}) is reached`);
    const runAt = startTime(start.seconds, PAGE);
    const closure = args.closure(query, 1, PAGE);
    closure.store();
    const made = new Task();
    made.args = taskArguments(query, args, 2, closure.parameters.length, PAGE);
    made.id = takeId(query);
    made.closure = closure;
    made.runAt = runAt;
    made.owner = query.user;
    for (const value of made.args) query.collection?.attach(value);
    tasks.set(made.id, made);
    return made;
  },
};

const takeId = ({ collection, database }: Query): bigint => collection?.takeId() ?? BigInt(database.takeId());

const tasks: BuiltIn = {
  name: 'tasks',
  effects: effects.none,
  root: (query, args) => {
    query.requireThingsdbOrCollection('tasks');
    args.exactly(0, 'collection-api/tasks');
    return new List([...tasksOf(query).values()]);
  },
};

type Body = (query: Query, args: Args, self: Task, page: string) => Value;

function onTask(
  name: string,
  effect: BuiltIn['effects'],
  count: number,
  body: Body,
  needsTask = true,
  calledAs = name,
): BuiltIn {
  const where = `data-types/task/${name}`;
  return {
    name,
    calledAs,
    effects: effect,
    chain: {
      task: (query, args, self) => {
        if (needsTask && !self.id) throw valueError('empty task');
        args.exactly(count, where);
        return body(query, args, self, where);
      },
    },
  };
}

function requireTaskChange(query: Query): void {
  if (query.changeId) return;
  throw operationError(
    `operation on a task; ${query.hasNse ? 'remove `nse' : 'use `wse'}(...)\` to enforce a change`,
  );
}

const at = onTask(
  'at',
  effects.none,
  0,
  (query, _args, self) =>
    self.runAt === null ? null : new DateTime(self.runAt, 0, query.collection?.timeZone ?? null, false),
  false,
);

const argsOf = onTask('args', effects.none, 0, (_query, _args, self) => new List(self.args.slice()));

const owner = onTask('owner', effects.none, 0, (_query, _args, self) => self.owner?.name ?? null);

const cancel = onTask(
  'cancel',
  effects.both,
  0,
  (query, _args, self) => {
    requireTaskChange(query);
    self.runAt = null;
    self.hasNext = false;
    return null;
  },
  false,
);

/** `task.del()` */
export const deleteTaskOf = (query: Query, args: Args, self: Task): Value => {
  requireTaskChange(query);
  args.exactly(0, 'data-types/task/del');
  if (self.id) deleteTask(self, query.collection, query.database);
  return null;
};

const againAt = onTask('again_at', effects.both, 1, (query, args, self, where) => {
  requireTaskChange(query);
  const start = args.dateTime(query, 0, where);
  if (start.seconds < query.database.nowSeconds) throw startOutOfRange();
  scheduleAgain(self, startTime(start.seconds, PAGE));
  return null;
});

const againIn = onTask('again_in', effects.both, 2, (query, args, self, where) => {
  requireTaskChange(query);
  const unit = readUnit(args.string(query, 0, where));
  const count = args.int(query, 1, where);
  // Counted from the time the task was planned for, not from now. So a row of runs does not drift.
  const now = query.database.nowSeconds;
  const first = self.runAt ?? now;
  let next = moveBy(new DateTime(first, 0, query.collection?.timeZone ?? null, false), unit, count);
  while (next.seconds < now && next.seconds > first) {
    query.step();
    next = moveBy(next, unit, count);
  }
  if (next.seconds < now) throw startOutOfRange();
  scheduleAgain(self, startTime(next.seconds, PAGE));
  return null;
});

const startOutOfRange = (): Error => valueError(`start time out-of-range${see(PAGE)}`);

function scheduleAgain(self: Task, runAt: number): void {
  if (!self.isRunning) throw operationError('requires a task context');
  self.runAt = runAt;
  self.hasNext = true;
}

const setArgs = onTask(
  'set_args',
  effects.both,
  1,
  (query, args, self, where) => {
    requireTaskChange(query);
    const values = taskArguments(query, args, 0, (self.closure as Closure).parameters.length, where);
    for (const value of values) query.collection?.attach(value);
    for (const value of self.args) query.collection?.detach(value);
    self.args = values;
    return null;
  },
  true,
  'again_at',
);

const setClosure = onTask('set_closure', effects.both, 1, (query, args, self, where) => {
  requireTaskChange(query);
  const closure = args.closure(query, 0, where);
  closure.store();
  self.closure = closure;
  const { length } = closure.parameters;
  self.args = Array.from({ length: Math.max(0, length - 1) }, (_, index) => self.args[index] ?? null);
  return null;
});

const setOwner = onTask('set_owner', effects.both, 1, (query, args, self, where) => {
  requireTaskChange(query);
  const user = query.database.accounts.user(args.string(query, 0, where));
  const { access } = query.scope;
  access.require(user, Privileges.change);
  access.requireNoMore(query.user, user);
  self.owner = user;
  return null;
});

export const taskFunctions: readonly BuiltIn[] = [
  task,
  tasks,
  at,
  argsOf,
  owner,
  cancel,
  againAt,
  againIn,
  setArgs,
  setClosure,
  setOwner,
];
