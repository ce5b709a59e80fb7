import { Bytes } from '../values/bytes.js';
import { DateTime } from '../values/date-time.js';
import { EnumType } from '../values/enum-type.js';
import { ErrorValue } from '../values/error-value.js';
import type { Heap } from '../values/heap.js';
import { List } from '../values/list.js';
import { Regex } from '../values/regex.js';
import type { BaseName } from '../values/restriction.js';
import { Room } from '../values/room.js';
import { Task } from '../values/task.js';
import { ThingSet } from '../values/thing-set.js';
import { ThingType } from '../values/thing-type.js';
import { Thing } from '../values/thing.js';
import type { Value } from '../values/value.js';

/** What a default may need from outside: time, and an empty closure. */
export interface Defaults {
  now(): number;
  closure(): Value;
}

/** What a property holds that was not given: an empty value, or `nil` where there is none. */
export function defaultValue(base: BaseName | ThingType | EnumType, heap: Heap, defaults: Defaults): Value {
  if (base instanceof ThingType) return base.create();
  if (base instanceof EnumType) return base.members[0] ?? null;
  switch (base) {
    case 'raw':
    case 'str':
    case 'utf8':
    case 'email':
    case 'url':
    case 'tel':
      return '';
    case 'bytes':
      return new Bytes('');
    case 'int':
    case 'uint':
    case 'number':
      return 0n;
    case 'pint':
      return 1n;
    case 'nint':
      return -1n;
    case 'float':
      return 0;
    case 'bool':
      return false;
    case '[]':
      return new List([]);
    case '{}':
      return new ThingSet();
    case 'thing':
      return new Thing(heap);
    case 'datetime':
    case 'timeval':
      return new DateTime(defaults.now(), 0, heap.timeZone, base === 'timeval');
    case 'regex':
      return new Regex('/.*/');
    case 'closure':
      return defaults.closure();
    case 'error':
      return new ErrorValue(-100, 'error:-100');
    case 'room':
      return new Room(heap);
    case 'task':
      return new Task();
    case 'any':
    case 'enum':
      return null;
  }
}
