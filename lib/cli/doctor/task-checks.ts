import type { ResolvedManagerOptions } from '../../options/resolved-manager-options.js';
import { withConstants } from '../../schema/constants.js';
import { ok, problem, skipped, warning, type Finding } from './finding.js';
import { unlessRefused, type VisitedNode } from './visited-node.js';

/** ThingsDB's limit for one collection. */
const MOST_TASKS = 500;
const MANY_TASKS = 400;
const OVERDUE_S = 3;

/** Whether the one task of the locks runs, and whether there is room for it. */
export async function tasks(
  { connection }: VisitedNode,
  { collection, prefix }: ResolvedManagerOptions,
): Promise<Finding[]> {
  const code = withConstants('[tasks().len(), is_task(.$STATE.sweeper), .$STATE.sweep_at, now()];', prefix);
  const answer = await unlessRefused(connection.query(`//${collection}`, code));
  if (answer === 'refused') {
    return [
      skipped('tasks', `not known: this user has no QUERY on '//${collection}', and needs none to lock`),
    ];
  }
  const [count, hasSweeper, sweepAt, nowS] = answer as [number, boolean, number, number];
  return [limit(count), sweeper(hasSweeper, nowS - sweepAt)];
}

function limit(count: number): Finding {
  const message = `${count} of ${MOST_TASKS} tasks in the collection`;
  if (count < MANY_TASKS) return ok('tasks', message);
  const cure = 'find out whose they are (tasks() in the collection); the locks need one';
  return count < MOST_TASKS ? warning('tasks', message, cure) : problem('tasks', message, cure);
}

function sweeper(isThere: boolean, overdueS: number): Finding {
  if (!isThere) return ok('sweeper', 'not needed now: nothing is held or waited for');
  if (overdueS < OVERDUE_S) return ok('sweeper', `runs in ${Math.ceil(Math.max(0, -overdueS))} s`);
  const message = `should have run ${Math.round(overdueS)} s ago: the node that it belongs to may be down`;
  return warning('sweeper', message, 'start that node; the next use of a lock replaces the sweeper');
}
