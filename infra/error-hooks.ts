import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import * as pulumi from '@pulumi/pulumi';

/**
 * Returns a hook that runs when an operation fails. The engine calls hooks outside of the program's
 * asynchronous context. Under the Automation API, messages reach the engine only from within that
 * context, so the hook restores it.
 */
export function errorHook(name: string, callback: pulumi.ErrorHookFunction): pulumi.ErrorHook {
  return new pulumi.ErrorHook(name, AsyncLocalStorage.bind(callback));
}

/**
 * Error messages by which Google reports that a new resource has not propagated yet. The provider
 * retries none of them.
 *
 * - An API that was enabled minutes ago: "wait a few minutes for the action to propagate to our
 *   systems and retry". https://cloud.google.com/service-usage/docs/enable-disable
 * - A service account or a custom role in a policy: IAM is eventually consistent, and Google's own
 *   service agents appear some time after their API was enabled.
 *   https://cloud.google.com/iam/docs/service-accounts-create
 */
const notKnownYet = [
  /has not been used in project \S+ before or it is disabled/,
  /service account \S+ does not exist/i,
  /role projects\/\S+ does not exist/i,
];

/** Maximum total wait, in seconds. Google's documentation says minutes. */
const patience = 7 * 60;

/**
 * Returns the seconds until the next attempt, doubled each time; undefined once {@link patience} is
 * used up.
 */
export function pauseAfter(failures: number): number | undefined {
  const pauses = Array.from({ length: failures }, (_, index) => Math.min(2 ** index, 60));
  return pauses.reduce((sum, pause) => sum + pause, 0) > patience ? undefined : pauses.at(-1);
}

/**
 * Returns the seconds until a rejected operation can be retried; undefined if a retry cannot
 * succeed.
 */
function secondsUntilTaken(failures: readonly string[]): number | undefined {
  const [latest = ''] = failures;
  // For example the name of a deleted database:
  // https://cloud.google.com/firestore/native/docs/manage-databases#delete_a_database
  const named = /retry in (\d+) seconds/i.exec(latest)?.[1];
  if (named !== undefined) return Number(named);
  return notKnownYet.some((words) => words.test(latest)) ? pauseAfter(failures.length) : undefined;
}

/**
 * Retries operations that Google rejects temporarily: those for which its error states a delay, and
 * those that depend on a resource that has not propagated.
 */
export function repeatWhatGoogleTakesLater(): void {
  const hook = errorHook('what Google takes later is repeated', async ({ name, errors }) => {
    const seconds = secondsUntilTaken(errors);
    if (seconds === undefined) return false;
    await pulumi.log.info(`Google does not take ${name} yet; next attempt in ${seconds} s.`);
    await wait(seconds * 1000);
    return true;
  });
  pulumi.runtime.registerStackTransformation(({ type, props, opts }) => {
    if (!type.startsWith('gcp:')) return undefined;
    const { hooks } = opts as pulumi.CustomResourceOptions;
    return { props, opts: { ...opts, hooks: { ...hooks, onError: [...(hooks?.onError ?? []), hook] } } };
  });
}
