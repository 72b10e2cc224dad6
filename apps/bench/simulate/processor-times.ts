import { readFileSync } from 'node:fs';

/**
 * Processor times in microseconds, by step of a verification. They are measured under load: the
 * service has 32 requests in flight, and Redis receives commands on 50 connections. While a process
 * has less to do, it needs more for each step.
 */
export interface ProcessorTimes {
  /** A verification with a cached key. */
  readonly verification: number;
  /** A verification with a cached key, if usage is counted in Redis. */
  readonly verificationWithRedis: number;
  /** The additional time for a key that is not cached. */
  readonly keyRead: number;
  /** The additional time for a key that is not cached, if the address is counted in Redis. */
  readonly keyReadWithRedis: number;
  /** Reading an owner's totals. */
  readonly totalsRead: number;
  /** Adding an owner's usage to the store. */
  readonly addition: number;
  /** The time of Redis for the command that counts a verification. */
  readonly redisVerification: number;
  /** The time of Redis for the commands that count the address of a key that is not cached. */
  readonly redisKeyRead: number;
}

/** Processor times, and where and when they were measured. */
export interface Calibration {
  /** The date of the measurement, such as `November 30, 2026`. */
  readonly measured: string;
  readonly machine: string;
  readonly microseconds: ProcessorTimes;
}

/** The file of the committed processor times, which `simulate --save` writes. */
export const calibrationFile = new URL('processor-times.json', import.meta.url);

/** The committed processor times. */
export const committed: Calibration = JSON.parse(readFileSync(calibrationFile, 'utf8'));

/** Returns the measured times, and the committed ones of the steps that were not measured. */
export function completed(measured: Partial<ProcessorTimes>): ProcessorTimes {
  return { ...committed.microseconds, ...measured };
}
