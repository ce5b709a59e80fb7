import { MeterProvider, MetricReader } from '@opentelemetry/sdk-metrics';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { LockInstrumentation } from 'thingsdb-lock/opentelemetry';
import { prometheusText } from './prometheus-text.js';

/** Is read when somebody asks. */
class PullReader extends MetricReader {
  protected onForceFlush(): Promise<void> {
    return Promise.resolve();
  }

  protected onShutdown(): Promise<void> {
    return Promise.resolve();
  }
}

/** Serves the metrics of all locks of this process at `/metrics`, for Prometheus to fetch. */
export async function serveMetrics(port: number): Promise<{ url: string; close(): Promise<void> }> {
  const reader = new PullReader();
  const meterProvider = new MeterProvider({ readers: [reader] });
  // Lock names such as `order:17` are many: `order` alone stands for them.
  const instrumentation = new LockInstrumentation({
    meterProvider,
    nameInMetrics: (name) => name.split(':')[0],
  });
  const server = createServer((request, response) => {
    if (request.url !== '/metrics') return response.writeHead(404).end();
    reader.collect().then(
      ({ resourceMetrics }) =>
        response
          .writeHead(200, { 'content-type': 'text/plain; version=0.0.4' })
          .end(prometheusText(resourceMetrics)),
      (error: unknown) => response.writeHead(500).end(String(error)),
    );
    return undefined;
  });
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/metrics`,
    close: async () => {
      instrumentation.disable();
      server.close();
      server.closeAllConnections();
      await meterProvider.shutdown();
    },
  };
}
