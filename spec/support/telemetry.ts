import type { Attributes } from '@opentelemetry/api';
import {
  AggregationTemporality,
  InMemoryMetricExporter,
  type MetricData,
  MeterProvider,
  PeriodicExportingMetricReader,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';

const NEVER_MS = 2 ** 30;

/** OpenTelemetry's SDK, with exporters that keep everything in memory. */
export class Telemetry {
  readonly #spans = new InMemorySpanExporter();
  readonly #metrics = new InMemoryMetricExporter(AggregationTemporality.CUMULATIVE);
  readonly tracerProvider = new BasicTracerProvider({
    spanProcessors: [new SimpleSpanProcessor(this.#spans)],
  });
  readonly meterProvider = new MeterProvider({
    readers: [new PeriodicExportingMetricReader({ exporter: this.#metrics, exportIntervalMillis: NEVER_MS })],
  });

  /** The spans of this name that have ended, in the order of their ends. */
  spans(name: string): ReadableSpan[] {
    return this.#spans.getFinishedSpans().filter((span) => span.name === name);
  }

  /** The points of a metric as they are now. */
  async points(name: string): Promise<{ attributes: Attributes; value: unknown }[]> {
    const data = await this.#data(name);
    return (data?.dataPoints ?? []).map(({ attributes, value }) => ({ attributes, value }));
  }

  /** The sum over all attributes; of a histogram, how many values it has. */
  async total(name: string): Promise<number> {
    const points = await this.points(name);
    return points.reduce(
      (sum, { value }) => sum + (typeof value === 'number' ? value : (value as { count: number }).count),
      0,
    );
  }

  async descriptor(name: string): Promise<MetricData['descriptor'] | undefined> {
    return (await this.#data(name))?.descriptor;
  }

  async shutdown(): Promise<void> {
    await Promise.all([this.tracerProvider.shutdown(), this.meterProvider.shutdown()]);
  }

  /** All metrics as they are now. */
  async collected(): Promise<ResourceMetrics> {
    await this.meterProvider.forceFlush();
    const last = this.#metrics.getMetrics().at(-1);
    if (last === undefined) throw new Error('nothing was exported');
    return last;
  }

  async #data(name: string): Promise<MetricData | undefined> {
    const { scopeMetrics } = await this.collected();
    const metrics = scopeMetrics.flatMap((scope) => scope.metrics);
    return metrics.find(({ descriptor }) => descriptor.name === name);
  }
}
