import { expect, test } from 'vitest';
import { changes, cloud, configure, describeByDriver, refusal, stackOf } from './harness/stack.ts';

const database = 'gcp:firestore/database:Database';
const service = 'gcp:cloudrunv2/service:Service';
const fault = { type: database, operation: 'create', times: 1 } as const;

describeByDriver('an `up` that fails half-way goes on where it was', () => {
  test.each([500, 429, 403, 504])('after status %i the next `up` does what is left', async (status) => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    await google.fail({ ...fault, kind: 'status', status });
    expect(await refusal(stack.up())).toContain(`Error ${status}`);
    await google.forgetCalls();
    expect((await stack.up()).summary.result).toBe('succeeded');
    const created = await google.calls();
    expect(created).toContain(`create ${database}`);
    expect(created).not.toContain('create gcp:artifactregistry/repository:Repository');
    expect(changes((await stack.up()).summary)).toEqual({});
  });

  test('a service that could not be created is created by the next one', async () => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    await google.fail({ type: service, operation: 'create', kind: 'status', status: 500, times: 1 });
    await refusal(stack.up());
    const { outputs } = await stack.up();
    expect(outputs['urls']?.value).toContain(outputs['host']?.value);
  });

  test('what was created though the answer was lost is taken over by its id', async () => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    await google.fail({ ...fault, kind: 'lost' });
    expect(await refusal(stack.up())).toContain('connection reset');
    expect(await refusal(stack.up())).toContain('409');
    await configure(stack, { adopt: 'firestore=projects/my-project/databases/andamio-api' });
    expect((await stack.up()).summary.result).toBe('succeeded');
    await stack.removeConfig('andamio:adopt');
    expect(changes((await stack.up()).summary)).toEqual({});
    expect((await google.resources()).filter(({ type }) => type === database)).toHaveLength(1);
  });

  test('an `up` that is interrupted while Google works is finished by the next', async () => {
    const google = await cloud();
    const stack = await stackOf(google, 'dev');
    await google.fail({ ...fault, kind: 'delay', milliseconds: 60_000 });
    const interrupted = new AbortController();
    const running = refusal(stack.up({ signal: interrupted.signal }));
    await expect.poll(() => google.calls()).toContain(`create ${database}`);
    interrupted.abort();
    expect(await google.goOn(), 'Google was at work').toBe(1);
    expect(await running).toBeTruthy();
    expect((await stack.up()).summary.result).toBe('succeeded');
  });
});
