import type { BuiltIn } from '../../runtime/built-in.js';
import {
  collectionInfo,
  collectionsInfo,
  delCollection,
  hasCollection,
  newCollection,
  renameCollection,
} from './collections.js';
import { grant, revoke } from './grants.js';
import { setDefaultDeep, setTimeZone } from './scope-settings.js';
import { delExpired, delToken, hasToken, newToken } from './tokens.js';
import { delUser, hasUser, newUser, renameUser, setPassword, userInfo, usersInfo } from './users.js';
import { whitelistAdd, whitelistDel } from './whitelists.js';

/** The functions of the `@thingsdb` scope: people, their rights, and collections. */
export const accountFunctions: readonly BuiltIn[] = [
  newUser,
  delUser,
  renameUser,
  setPassword,
  hasUser,
  userInfo,
  usersInfo,
  newToken,
  delToken,
  hasToken,
  delExpired,
  grant,
  revoke,
  whitelistAdd,
  whitelistDel,
  setDefaultDeep,
  setTimeZone,
  newCollection,
  delCollection,
  renameCollection,
  hasCollection,
  collectionInfo,
  collectionsInfo,
];
