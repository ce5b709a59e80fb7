import type { Task } from '../values/task.js';
import type { Collection } from './collection.js';
import type { Database } from './database.js';

/** Takes a task out of its collection. It stays as a value without an id. */
export function deleteTask(task: Task, collection: Collection | null, database: Database): void {
  (collection?.tasks ?? database.tasks).delete(task.id);
  if (collection) for (const value of task.args) collection.detach(value);
  task.id = 0n;
  task.runAt = null;
  task.args = [];
  task.closure = null;
}
