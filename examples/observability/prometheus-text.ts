import type { Attributes } from '@opentelemetry/api';
import {
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from '@opentelemetry/sdk-metrics';

/** Metrics of OpenTelemetry as text that Prometheus reads, under the names that it gives them itself. */
export function prometheusText({ scopeMetrics }: ResourceMetrics): string {
  const lines = scopeMetrics.flatMap(({ metrics }) => metrics).flatMap(linesOf);
  return `${lines.join('\n')}\n`;
}

function linesOf(metric: MetricData): string[] {
  const { descriptor, dataPointType, dataPoints } = metric;
  const isTotal = dataPointType === DataPointType.SUM && metric.isMonotonic;
  const name = `${descriptor.name.replaceAll('.', '_')}${descriptor.unit === 's' ? '_seconds' : ''}`;
  const full = isTotal ? `${name}_total` : name;
  const isHistogram = dataPointType === DataPointType.HISTOGRAM;
  return [
    `# HELP ${full} ${descriptor.description}`,
    `# TYPE ${full} ${isHistogram ? 'histogram' : isTotal ? 'counter' : 'gauge'}`,
    ...dataPoints.flatMap(({ attributes, value }) =>
      typeof value === 'number'
        ? [`${full}${labels(attributes)} ${value}`]
        : histogramLines(full, attributes, value as Histogram),
    ),
  ];
}

/** Each bucket counts those below it, too. */
function histogramLines(name: string, attributes: Attributes, { buckets, count, sum }: Histogram): string[] {
  let below = 0;
  const bounded = buckets.boundaries.map((boundary, i) => {
    below += buckets.counts[i] ?? 0;
    return `${name}_bucket${labels({ ...attributes, le: `${boundary}` })} ${below}`;
  });
  return [
    ...bounded,
    `${name}_bucket${labels({ ...attributes, le: '+Inf' })} ${count}`,
    `${name}_sum${labels(attributes)} ${sum ?? 0}`,
    `${name}_count${labels(attributes)} ${count}`,
  ];
}

function labels(attributes: Attributes): string {
  const pairs = Object.entries(attributes).map(
    ([key, value]) => `${key.replaceAll(/[^\w]/g, '_')}="${escaped(String(value))}"`,
  );
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escaped(value: string): string {
  return value.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n');
}
