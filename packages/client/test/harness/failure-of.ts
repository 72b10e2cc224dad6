import { ApiError } from '../../src/index.ts';

/** Returns the error of a call that is expected to fail. */
export async function failureOf(call: Promise<unknown>): Promise<ApiError> {
  const error = await call.then(
    () => new Error('The call was expected to fail.'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ApiError)) throw error;
  return error;
}
