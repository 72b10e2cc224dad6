import { AsyncLocalStorage } from 'node:async_hooks';
import { setTimeout as wait } from 'node:timers/promises';
import * as pulumi from '@pulumi/pulumi';

/**
 * A hook on a failed operation. The engine calls it outside of the program's asynchronous context, in which alone the messages of
 * a program that another process runs (the Automation API) reach the engine.
 */
export function errorHook(name: string, callback: pulumi.ErrorHookFunction): pulumi.ErrorHook {
  return new pulumi.ErrorHook(name, AsyncLocalStorage.bind(callback));
}

/**
 * Google's words for what was just made and is not known everywhere yet. The provider repeats none of them.
 *
 * - An API that was enabled minutes ago: "wait a few minutes for the action to propagate to our systems and retry".
 *   https://cloud.google.com/service-usage/docs/enable-disable
 * - A service account or a custom role in a policy: IAM is eventually consistent, and Google's own service accounts appear some time
 *   after the API of theirs was enabled. https://cloud.google.com/iam/docs/service-accounts-create
 */
const notKnownYet = [
  /has not been used in project \S+ before or it is disabled/,
  /service account \S+ does not exist/i,
  /role projects\/\S+ does not exist/i,
];

/** How long Google is waited for in all, in seconds. It says minutes. */
const patience = 7 * 60;

/** Returns the seconds until the next attempt, doubled each time; undefined once {@link patience} is used up. */
export function pauseAfter(failures: number): number | undefined {
  const pauses = Array.from({ length: failures }, (_, index) => Math.min(2 ** index, 60));
  return pauses.reduce((sum, pause) => sum + pause, 0) > patience ? undefined : pauses.at(-1);
}

/** Returns the seconds after which Google may take an operation that it has refused; undefined where another attempt is of no use. */
function secondsUntilTaken(failures: readonly string[]): number | undefined {
  const [latest = ''] = failures;
  // A database's name, for instance: https://cloud.google.com/firestore/native/docs/manage-databases#delete_a_database
  const named = /retry in (\d+) seconds/i.exec(latest)?.[1];
  if (named !== undefined) return Number(named);
  return notKnownYet.some((words) => words.test(latest)) ? pauseAfter(failures.length) : undefined;
}

/** Repeats operations that Google refuses for a while: what it says a time for, and what needs what was just made. */
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
