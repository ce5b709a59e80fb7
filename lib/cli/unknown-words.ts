/** What others call a command, and the command of ours. */
const COMMANDS: Readonly<Record<string, string>> = {
  lock: 'run',
  acquire: 'run',
  exec: 'run',
  with: 'run',
  hold: 'run',
  unlock: 'release',
  free: 'release',
  break: 'release',
  list: 'ls',
  locks: 'ls',
  ps: 'ls',
  status: 'ls',
  show: 'inspect',
  get: 'inspect',
  info: 'inspect',
  who: 'inspect',
  describe: 'inspect',
  follow: 'watch',
  tail: 'watch',
  monitor: 'watch',
  events: 'watch',
  request: 'ask',
  init: 'setup',
  install: 'setup',
  migrate: 'setup',
  check: 'doctor',
  health: 'doctor',
  ping: 'doctor',
  benchmark: 'bench',
  serve: 'dev-server',
  server: 'dev-server',
  dev: 'dev-server',
  start: 'dev-server',
  dashboard: 'ui',
  web: 'ui',
  version: '--version',
};

const WAIT = 'it is called --wait-timeout here';
const NO_WAIT = 'it is called --no-wait here';
const EXCLUSIVE = 'a lock is exclusive without an option';
const URL = 'it is given within --url, as thingsdb://HOST:PORT';
const SECRET = 'an option is seen by everybody on the machine: set THINGSDB_PASSWORD or THINGSDB_TOKEN';

/** What flock(1) and others call an option, and what it is here. */
const OPTIONS: Readonly<Record<string, string>> = {
  '--wait': WAIT,
  '--timeout': WAIT,
  '--nonblock': NO_WAIT,
  '--nb': NO_WAIT,
  '--try': NO_WAIT,
  '-x': EXCLUSIVE,
  '-e': EXCLUSIVE,
  '--exclusive': EXCLUSIVE,
  '-c': 'the command comes after --',
  '--command': 'the command comes after --',
  '--lease': 'it is called --ttl here',
  '--host': URL,
  '--port': URL,
  '--password': SECRET,
  '--token': SECRET,
  '--username': 'it is called --user here',
  '--scope': 'it is called --collection here, without the slashes',
};

/** What is meant by a command that there is not, as far as other programs have one of that name. */
export function commandMeant(word: string): string | undefined {
  const meant = Object.hasOwn(COMMANDS, word) ? COMMANDS[word] : undefined;
  return meant && `it is thingsdb-lock ${meant} here`;
}

/** The same of an option, which may have a value behind a `=`. */
export function optionMeant(flag: string): string | undefined {
  const [name = ''] = flag.split('=');
  return Object.hasOwn(OPTIONS, name) ? OPTIONS[name] : undefined;
}
