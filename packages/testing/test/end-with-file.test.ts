import { expect, test } from 'vitest';
import { endWithFile, runEnds } from '../src/end-with-file.ts';

test('all cleanups run in reverse order, and all their errors are reported', async () => {
  const ran: number[] = [];
  const failing = new Error('The second cleanup failed.');
  endWithFile(() => ran.push(1));
  endWithFile(async () => {
    ran.push(2);
    throw failing;
  });
  endWithFile(() => ran.push(3));
  await expect(runEnds()).rejects.toMatchObject({ errors: [failing] });
  expect(ran).toEqual([3, 2, 1]);
});
