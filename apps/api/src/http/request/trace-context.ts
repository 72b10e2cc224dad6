import type { IncomingHttpHeaders } from 'node:http';

/** A trace in the form that Google's pino configuration expects. */
export interface TraceContext {
  readonly trace_id: string;
  readonly span_id: string;
  readonly trace_flags: string;
}

/** Matches a W3C Trace Context header, version 00: `00-TRACE-SPAN-FLAGS`. */
const traceparent = /^00-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Matches Google's older header: `TRACE/SPAN;o=1`, the span in decimal. */
const cloudTrace = /^([0-9a-f]{32})\/(\d{1,20})(?:;o=([01]))?$/;

function fromTraceparent(header: string | string[] | undefined): TraceContext | undefined {
  if (typeof header !== 'string') return undefined;
  const [, trace, span, flags] = traceparent.exec(header) ?? [];
  return trace && span && flags
    ? { trace_id: trace, span_id: span, trace_flags: flags }
    : undefined;
}

function fromCloudTrace(header: string | string[] | undefined): TraceContext | undefined {
  if (typeof header !== 'string') return undefined;
  const [, trace, decimalSpan, sampled] = cloudTrace.exec(header) ?? [];
  if (!trace || !decimalSpan) return undefined;
  const span = BigInt.asUintN(64, BigInt(decimalSpan)).toString(16).padStart(16, '0');
  return { trace_id: trace, span_id: span, trace_flags: sampled === '1' ? '01' : '00' };
}

/** Returns the trace context of a request. Undefined if no header contains a well-formed one. */
export function traceContext(headers: IncomingHttpHeaders): TraceContext | undefined {
  return (
    fromTraceparent(headers['traceparent']) ?? fromCloudTrace(headers['x-cloud-trace-context'])
  );
}
