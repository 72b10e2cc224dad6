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
 * Repeats an operation that Google refuses for a known time. A database's name, for instance, is taken for five minutes after
 * the database was deleted: https://cloud.google.com/firestore/native/docs/manage-databases#delete_a_database
 */
export function retryWhenGoogleSaysSo(name: string): pulumi.ResourceHookBinding {
  return {
    onError: [
      errorHook(`${name} is repeated when Google says so`, async ({ errors }) => {
        const seconds = Number(/retry in (\d+) seconds/i.exec(errors[0] ?? '')?.[1]);
        if (Number.isNaN(seconds)) return false;
        await pulumi.log.info(`Google takes ${name} in ${seconds} seconds; waiting.`);
        await wait(seconds * 1000);
        return true;
      }),
    ],
  };
}
