/**
 * What a collection looks like after python-thingsdb's `lock.setup`. Types, members and procedures have their
 * documented names and meaning, and were written for these tests. The library's own code is run by the suites
 * python-thingsdb and python-and-ours.
 */
export const pythonSetup = `
  set_type('Inner', {
    room: 'room',
    task: 'task',
    timeout: 'int',
    start: |this, lock_id| {
      this.task = task(
        datetime().move('seconds', this.timeout),
        |_, lock_id, room_id| wse(Lock(lock_id).release(room_id)),
        [lock_id, this.room.id()]
      );
      nil;
    }
  });
  set_type('Lock', {
    queue: '[Inner]',
    acquire: |this, timeout| {
      size = this.queue.len();
      inner = Inner{timeout:};
      this.queue.push(inner);
      if (size == 0) inner.start(this.id());
      [size == 0, inner.room.id(), size];
    },
    release: |this, room_id| {
      if (this.queue && this.queue.first().room.id() == room_id) {
        this.queue.shift().task.del();
        if (this.queue) {
          this.queue.first().start(this.id());
          this.queue.first().room.emit('go');
        };
      } else {
        this.queue.remove(|inner| inner.room.id() == room_id);
      };
      nil;
    }
  });
  set_type('Root', {lock: 'thing<Lock>', version: 'int'});
  new_procedure('acquire', |name, timeout| {
    .lock.has(name) || .lock[name] = Lock{};
    wse(.lock[name].acquire(timeout));
  });
  new_procedure('test', |room_id| room(room_id).name() == 'go');
  new_procedure('locked', |name| bool(.lock[name].queue));
  new_procedure('release', |name, room_id| wse(.lock[name].release(room_id)));
  .to_type('Root');
`;
