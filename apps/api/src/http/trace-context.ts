import type { IncomingHttpHeaders } from 'node:http';

/** A trace as Google's pino configuration takes it. */
export interface TraceContext {
  readonly trace_id: string;
  readonly span_id: string;
  readonly trace_flags: string;
}

/** W3C Trace Context, version 00: `00-TRACE-SPAN-FLAGS`. */
const traceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Google's older header: `TRACE/SPAN;o=1`, the span in decimal. */
const cloudTrace = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=([01]))?$/;

/** The trace that a request belongs to, or undefined where no header names one in the right form. */
export function traceContext(headers: IncomingHttpHeaders): TraceContext | undefined {
  const [, trace, span, flags] = traceparent.exec(headers['traceparent'] as string) ?? [];
  if (trace && span && flags) return { trace_id: trace, span_id: span, trace_flags: flags };

  const [, cloudTraceId, decimalSpan, sampled] = cloudTrace.exec(headers['x-cloud-trace-context'] as string) ?? [];
  if (!cloudTraceId || !decimalSpan) return undefined;
  const spanId = BigInt.asUintN(64, BigInt(decimalSpan)).toString(16).padStart(16, '0');
  return { trace_id: cloudTraceId, span_id: spanId, trace_flags: sampled === '1' ? '01' : '00' };
}
