import type { Collection } from '../store/collection.js';
import { readDefinition } from '../store/definition.js';
import { ThingType } from '../store/thing-type.js';
import { notSupported, typeError } from './errors.js';
import { AnonymousType } from './values/anonymous-type.js';
import type { Thing } from './values/thing.js';
import { typeName } from './values/value.js';

/** The anonymous type with these properties; equal ones are the same. */
export function anonymousType(collection: Collection, definition: Thing): AnonymousType {
  const parts = definition.keys.map((key, at) => {
    const value = definition.values[at]!;
    return `${key}:${typeof value === 'string' ? value : typeName(value)}`;
  });
  const key = parts.join('\n');
  const known = collection.anonymousTypes.get(key);
  const hasClosures = definition.values.some(
    (value) => typeof value === 'object' && value?.kind === 'closure',
  );
  if (known && !hasClosures) return known;
  const type = new ThingType(-1, '<anonymous>', collection, 0);
  type.isWrapOnly = true;
  definition.keys.forEach((name, at) => {
    const value = definition.values[at]!;
    if (typeof value === 'string') {
      type.fields.push(
        readDefinition(type, name, value, {
          now: () => 0,
          closure: () => {
            throw notSupported('default closures of anonymous types');
          },
        }),
      );
    } else if (typeof value === 'object' && value?.kind === 'closure') {
      type.methods.set(name, value);
    } else if (typeof value === 'object' && (value?.kind === 'thing' || value?.kind === 'list')) {
      throw notSupported('nested structures in anonymous types');
    } else {
      throw typeError(
        'expecting a nested structure (`list` or `thing`), a method of type `closure` or a definition of type `str` ' +
          `but got type \`${typeName(value)}\` instead; see https://docs.thingsdb.io/v1/data-types/typed`,
      );
    }
  });
  type.reindex();
  const made = new AnonymousType(type, key);
  if (!hasClosures) collection.anonymousTypes.set(key, made);
  return made;
}
