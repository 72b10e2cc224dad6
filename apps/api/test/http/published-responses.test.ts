import { tokenFor } from '@andamio/testing/tokens';
import { expect, onTestFinished, test } from 'vitest';
import { startApp } from '../harness/app.ts';
import { sendEveryOperation } from '../harness/every-operation.ts';
import { expectPublishedHeaders, expectPublishedSuccess } from '../harness/published-schema.ts';

test('the successful response of every operation has exactly the published fields, and the published headers', async () => {
  const app = await startApp();
  onTestFinished(() => app.close());
  const sent = await sendEveryOperation(app.url, tokenFor('user'), () => app.storeUsage());
  for (const { operation, answer } of sent) {
    expectPublishedSuccess(operation, answer.body);
    expectPublishedHeaders(operation, answer);
    // An empty list would not show the fields of its items.
    for (const [name, value] of Object.entries(answer.body))
      if (name !== 'expired_keys') expect(value, `${operation.id}: ${name}`).not.toEqual([]);
  }
});
