// Runs in the service process before the service's own code. Measures three things between the
// messages `begin` and `end`: the time in which the process handles each request, the delay of its
// event loop, and garbage collections. Replies to `end` with a LatencyReport.
import { subscribe } from 'node:diagnostics_channel';
import { createHistogram, monitorEventLoopDelay, PerformanceObserver } from 'node:perf_hooks';
import { type LatencyReport, percentilesOf } from '../harness/latency-report.ts';

const handled = createHistogram();
const loopDelay = monitorEventLoopDelay({ resolution: 1 });
let collections: number[] = [];

const startedAt = new WeakMap<object, bigint>();
subscribe('http.server.request.start', (message) => {
  startedAt.set((message as { request: object }).request, process.hrtime.bigint());
});
subscribe('http.server.response.finish', (message) => {
  const start = startedAt.get((message as { request: object }).request);
  if (start !== undefined) handled.record(process.hrtime.bigint() - start);
});
new PerformanceObserver((list) => {
  for (const { duration } of list.getEntries()) collections.push(duration);
}).observe({ entryTypes: ['gc'] });

process.on('message', (message) => {
  if (message === 'begin') {
    handled.reset();
    loopDelay.reset();
    loopDelay.enable();
    collections = [];
    process.send?.('begun');
  } else if (message === 'end') {
    loopDelay.disable();
    const report: LatencyReport = {
      handled: percentilesOf(handled),
      loopDelay: percentilesOf(loopDelay),
      collections: {
        count: collections.length,
        total: collections.reduce((sum, duration) => sum + duration, 0),
        longest: Math.max(0, ...collections),
      },
    };
    process.send?.(report);
  }
});
process.channel?.unref();
