import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import * as pulumi from '@pulumi/pulumi';

/**
 * Creates a hook that the engine calls when an operation on a resource fails. Under the Automation
 * API, log messages reach the engine only from within the program's asynchronous context. The
 * engine calls hooks outside of that context, so this function binds the callback to the context.
 */
export function errorHook(name: string, callback: pulumi.ErrorHookFunction): pulumi.ErrorHook {
  return new pulumi.ErrorHook(name, AsyncLocalStorage.bind(callback));
}

/**
 * Patterns of the errors that Google returns while a new resource is still propagating. The
 * provider does not retry these errors.
 *
 * - An API that was enabled minutes ago: "wait a few minutes for the action to propagate to our
 *   systems and retry". https://cloud.google.com/service-usage/docs/enable-disable
 * - A service account or a custom role that a policy refers to: IAM is eventually consistent.
 *   Google creates its own service agents some time after their API is enabled.
 *   https://cloud.google.com/iam/docs/service-accounts-create
 */
const propagationErrors = [
  /has not been used in project \S+ before or it is disabled/,
  /service account \S+ does not exist/i,
  /role projects\/\S+ does not exist/i,
];

/**
 * Maximum total time, in seconds, to wait for a new resource to propagate. Google documents the
 * propagation time only as "a few minutes".
 */
const maximumWait = 7 * 60;

/**
 * Returns the number of seconds to wait before the next attempt. The pause doubles after each
 * failure, up to 60 seconds.
 *
 * @param failures number of failed attempts, at least 1
 * @returns undefined if the pauses would exceed {@link maximumWait} in total
 */
export function pauseAfter(failures: number): number | undefined {
  const pauses = Array.from({ length: failures }, (_, index) => Math.min(2 ** index, 60));
  return pauses.reduce((sum, pause) => sum + pause, 0) > maximumWait ? undefined : pauses.at(-1);
}

/**
 * Returns the number of seconds after which a rejected operation can be retried.
 *
 * @param failures errors of all attempts, newest first
 * @returns undefined if the operation should not be retried
 */
function secondsUntilRetry(failures: readonly string[]): number | undefined {
  const [latest = ''] = failures;
  // Google states the delay, for example while the name of a deleted database is reserved:
  // https://cloud.google.com/firestore/native/docs/manage-databases#delete_a_database
  const stated = /retry in (\d+) seconds/i.exec(latest)?.[1];
  if (stated !== undefined) return Number(stated);
  return propagationErrors.some((pattern) => pattern.test(latest))
    ? pauseAfter(failures.length)
    : undefined;
}

/**
 * Retries operations that Google rejects temporarily: those whose error message specifies a delay,
 * and those on resources that are still propagating.
 */
export function retryTemporaryErrors(): void {
  const hook = errorHook('retry temporary errors', async ({ name, errors }) => {
    const seconds = secondsUntilRetry(errors);
    if (seconds === undefined) return false;
    await pulumi.log.info(`Google temporarily rejects ${name}. Retrying in ${seconds} s.`);
    await wait(seconds * 1000);
    return true;
  });
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    if (!type.startsWith('gcp:')) return undefined;
    const { hooks } = opts as pulumi.CustomResourceOptions;
    return {
      props,
      opts: { ...opts, hooks: { ...hooks, onError: [...(hooks?.onError ?? []), hook] } },
    };
  });
}
