import { Bytes } from '../runtime/values/bytes.js';
import { DateTime } from '../runtime/values/date-time.js';
import { ErrorValue } from '../runtime/values/error-value.js';
import { List } from '../runtime/values/list.js';
import { Regex } from '../runtime/values/regex.js';
import { Room } from '../runtime/values/room.js';
import { Task } from '../runtime/values/task.js';
import { Thing } from '../runtime/values/thing.js';
import { ThingSet } from '../runtime/values/thing-set.js';
import type { Value } from '../runtime/values/value.js';
import type { Collection } from './collection.js';
import { EnumType } from './enum-type.js';
import type { BaseName } from './restriction.js';
import { ThingType } from './thing-type.js';

/** What a default may need from outside: time, and an empty closure. */
export interface Defaults {
  now(): number;
  closure(): Value;
}

/** What a property holds that was not given: an empty value, or `nil` where there is none. */
export function defaultValue(
  base: BaseName | ThingType | EnumType,
  collection: Collection,
  defaults: Defaults,
): Value {
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
      return new Thing(collection);
    case 'datetime':
    case 'timeval':
      return new DateTime(defaults.now(), 0, collection.timeZone, base === 'timeval');
    case 'regex':
      return new Regex('/.*/');
    case 'closure':
      return defaults.closure();
    case 'error':
      return new ErrorValue(-100, 'error:-100');
    case 'room':
      return new Room(collection);
    case 'task':
      return new Task();
    case 'any':
    case 'enum':
      return null;
  }
}
