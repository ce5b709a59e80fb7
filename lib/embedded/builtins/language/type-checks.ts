import { fromByteString, isAscii, isUtf8 } from '../../model/text.js';
import { findTimeZone } from '../../model/time-zone.js';
import { textPattern } from '../../model/values/restriction.js';
import { type Kind, kindOf, type Value } from '../../model/values/value.js';
import { type BuiltIn, effects } from '../../runtime/built-in.js';

function check(name: string, test: (value: Value) => boolean): BuiltIn {
  const page = `collection-api/is/${name}`;
  return {
    name,
    effects: effects.none,
    root: (query, args) => {
      args.exactly(1, page);
      return test(args.value(query, 0));
    },
  };
}

const isOf =
  (...kinds: readonly Kind[]) =>
  (value: Value): boolean =>
    kinds.includes(kindOf(value));

const isText =
  (test: (text: string) => boolean) =>
  (value: Value): boolean => {
    return typeof value === 'string' && test(value);
  };

const matches =
  (pattern: RegExp): ((value: Value) => boolean) =>
  (value) =>
    typeof value === 'string' && pattern.test(fromByteString(value));

const isTuple = (value: Value): boolean =>
  typeof value === 'object' && value?.kind === 'list' && value.isTuple;
const isListOnly = (value: Value): boolean =>
  typeof value === 'object' && value?.kind === 'list' && !value.isTuple;
const isMoment =
  (isTimeval: boolean) =>
  (value: Value): boolean =>
    typeof value === 'object' && value?.kind === 'datetime' && value.isTimeval === isTimeval;

/** `is_inf` and `is_nan` take numbers only. */
function numberCheck(name: 'is_inf' | 'is_nan', test: (value: number) => boolean): BuiltIn {
  const page = `collection-api/is/${name}`;
  return {
    name,
    effects: effects.none,
    root: (query, args) => {
      args.exactly(1, page);
      const value = args.value(query, 0);
      if (typeof value === 'number') return test(value);
      const isExact = typeof value === 'bigint' || typeof value === 'boolean';
      if (isExact || name === 'is_nan') return !isExact;
      throw args.expected(0, '`float`', value, page);
    },
  };
}

export const typeCheckFunctions: readonly BuiltIn[] = [
  check('is_array', isOf('list')),
  check('is_ascii', isText(isAscii)),
  check('is_bool', isOf('bool')),
  check('is_bytes', isOf('bytes')),
  check('is_closure', isOf('closure')),
  check('is_datetime', isMoment(false)),
  check('is_email', matches(textPattern.email)),
  check('is_enum', isOf('member')),
  check('is_err', isOf('error')),
  check('is_float', isOf('float')),
  check('is_future', isOf('future')),
  check('is_int', isOf('int')),
  check('is_list', isListOnly),
  check('is_module', () => false),
  check('is_mpdata', isOf('mpdata')),
  check('is_nil', isOf('nil')),
  check('is_raw', isOf('str', 'bytes', 'mpdata')),
  check('is_regex', isOf('regex')),
  check('is_room', isOf('room')),
  check('is_set', isOf('set')),
  check('is_str', isOf('str')),
  check('is_task', isOf('task')),
  check('is_tel', matches(textPattern.tel)),
  check('is_thing', isOf('thing')),
  check('is_time_zone', (value) => typeof value === 'string' && findTimeZone(value) !== undefined),
  check('is_timeval', isMoment(true)),
  check('is_tuple', isTuple),
  check('is_url', matches(textPattern.url)),
  check('is_utf8', isText(isUtf8)),
  numberCheck('is_inf', (value) => value === Infinity || value === -Infinity),
  numberCheck('is_nan', Number.isNaN),
];
