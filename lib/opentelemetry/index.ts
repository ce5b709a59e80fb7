/**
 * Locks as OpenTelemetry sees them: spans and metrics. Needs the package `@opentelemetry/api`.
 *
 * @module thingsdb-lock/opentelemetry
 */
export { LockInstrumentation, type LockInstrumentationOptions } from './lock-instrumentation.js';
export type { NameInMetrics } from './lock-metrics.js';
