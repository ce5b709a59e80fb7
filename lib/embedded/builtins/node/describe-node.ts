import type { Database } from '../../model/store/database.js';
import type { Wire } from '../../msgpack/wire.js';

/** The version of ThingsDB whose behaviour this is. */
const VERSION = '1.9.3';
const SYNTAX_VERSION = 'v1';

const RESULT_SIZE_LIMIT = 20n * 1024n * 1024n;
const MS = 1000;

const NONE = '';
const DISABLED = 'disabled';

/** What `node_info` gives: every key of a node, also where there is nothing behind it here. */
export function describeNode(database: Database): Wire {
  const changeId = BigInt(database.changeId);
  return {
    node_id: 0n,
    version: VERSION,
    syntax_version: SYNTAX_VERSION,
    msgpack_version: NONE,
    libcleri_version: NONE,
    libuv_version: NONE,
    libpcre2_version: NONE,
    status: 'READY',
    zone: 0n,
    log_level: database.node.logLevel,
    node_name: 'embedded',
    client_port: 0n,
    node_port: 0n,
    ip_support: 'IPV4ONLY',
    storage_path: NONE,
    uptime: (database.clock.now() - database.startedAt) / MS,
    changes_in_queue: 0n,
    archived_in_memory: 0n,
    archive_files: 0n,
    local_stored_change_id: 0n,
    local_committed_change_id: changeId,
    global_stored_change_id: 0n,
    global_committed_change_id: changeId,
    db_stored_change_id: 0n,
    next_change_id: changeId + 1n,
    cached_names: 0n,
    http_status_port: DISABLED,
    http_api_port: DISABLED,
    scheduled_backups: 0n,
    yajl_version: NONE,
    connected_clients: 0n,
    result_size_limit: RESULT_SIZE_LIMIT,
    cached_queries: 0n,
    threshold_query_cache: 0n,
    cache_expiration_time: 0n,
    python_interpreter: NONE,
    modules_path: NONE,
    platform: process.platform,
    architecture: process.arch,
    next_free_id: BigInt(database.nextId),
    libwebsockets_version: NONE,
    commit_history: DISABLED,
  };
}

/** One item of what `nodes_info` gives. */
export function describeNodeAmongNodes(database: Database): Wire {
  return {
    node_id: 0n,
    syntax_version: SYNTAX_VERSION,
    status: 'READY',
    zone: 0n,
    committed_change_id: BigInt(database.changeId),
    stored_change_id: 0n,
    node_name: 'embedded',
    port: 0n,
    stream: null,
  };
}

/** What `counters` gives. Durations are not measured here: they would differ from run to run. */
export function describeCounters({ node }: Database): Wire {
  const { queriesSuccess, queriesWithError, tasksSuccess, tasksWithError, changesCommitted } = node.counters;
  return {
    queries_success: BigInt(queriesSuccess),
    queries_with_error: BigInt(queriesWithError),
    tasks_success: BigInt(tasksSuccess),
    tasks_with_error: BigInt(tasksWithError),
    changes_with_gap: 0n,
    changes_skipped: 0n,
    changes_failed: 0n,
    changes_killed: 0n,
    changes_committed: BigInt(changesCommitted),
    changes_unaligned: 0n,
    garbage_collected: 0n,
    quorum_lost: 0n,
    queries_from_cache: 0n,
    wasted_cache: 0n,
    longest_query_duration: 0,
    average_query_duration: 0,
    longest_change_duration: 0,
    average_change_duration: 0,
    started_at: BigInt(Math.floor(node.countedSinceMs / MS)),
    largest_result_size: 0n,
  };
}
