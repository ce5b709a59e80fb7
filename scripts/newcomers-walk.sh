#!/usr/bin/env bash
# What a newcomer does first, with the time that each step takes:
#
#   npm pack && bash scripts/newcomers-walk.sh thingsdb-lock-*.tgz
#
# In an empty folder: installs the package, starts its server, takes a first lock, sees a test of an own service fail and
# pass, asks who holds the lock, and frees it.
set -euo pipefail
repository=$(cd "$(dirname "$0")/.." && pwd)
tarball=$(realpath "$1")
folder=$(mktemp -d)
cd "$folder"
server=
trap '[ -z "$server" ] || kill "$server"; rm -rf "$folder"' EXIT

start=$(date +%s%N)
lap() { local now; now=$(date +%s%N); printf '%-32s %6d ms\n' "$1" $(((now - start) / 1000000)); start=$(date +%s%N); }
until_said() { for _ in $(seq 1000); do grep -q "$1" "$2" 2>/dev/null && return; sleep 0.01; done; cat "$2"; exit 1; }

npm init -y >npm.log && npm install --no-audit --no-fund "$tarball" >>npm.log 2>&1
lap 'install'

node node_modules/thingsdb-lock/dist/cjs/cli/main.js dev-server --port 0 >server.log &
server=$!
until_said 'thingsdb://' server.log
url=$(grep -o 'thingsdb://[^ ]*' server.log)
lap 'a server'

# README's quick start, and the same as a program that holds the lock until it loses it.
sed -n '/^```js/,/^```/p' "$repository/README.md" | sed '1d;$d' | sed "s|thingsdb://127.0.0.1:9200|$url|" >first.mjs
sed 's/5_000, undefined/60_000, undefined/' first.mjs >holder.mjs
sed -i 's/5_000/5/' first.mjs
node first.mjs >first.log
lap 'first lock, from start to end'

cat >service.test.mjs <<'TEST'
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { LockManager } from 'thingsdb-lock';
import { startThingsDB } from 'thingsdb-lock/testing';

let last = 0;
/** A service with a mistake: two processes may read the same number. */
async function next() {
  const read = last;
  await new Promise((resolve) => setTimeout(resolve, 5));
  return (last = read + 1);
}
test('numbers are given once', async () => {
  const db = await startThingsDB();
  const auth = { username: 'admin', password: 'pass' };
  const processes = [1, 2, 3].map(() => new LockManager({ url: db.url, auth }));
  const one = (locks) => (process.env.LOCKED ? locks.get('number').runExclusive(next) : next());
  const numbers = await Promise.all(processes.map(one));
  await Promise.all(processes.map((locks) => locks.close()));
  await db.close();
  assert.deepEqual(numbers.sort(), [1, 2, 3]);
});
TEST
node --test service.test.mjs >test.log && { echo 'the test passes without a lock'; exit 1; }
lap 'a test that fails'
LOCKED=1 node --test service.test.mjs >test.log
lap 'the same with a lock: it passes'

node holder.mjs >holder.log 2>&1 &
until_said 'I have the lock' holder.log
command=(node node_modules/thingsdb-lock/dist/cjs/cli/main.js)
export THINGSDB_URL=$url THINGSDB_USER=admin THINGSDB_PASSWORD=pass
start=$(date +%s%N)
"${command[@]}" inspect my-lock >inspect.log
lap 'who holds it'
"${command[@]}" release my-lock --force >release.log
lap 'freeing it'
