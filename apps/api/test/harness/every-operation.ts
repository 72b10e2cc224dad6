import {
  approveDeviceLogin,
  deleteApiKey,
  getDailyUsage,
  getOpenApiDocument,
  getUsage,
  getUser,
  listApiKeys,
  type Operation,
  operations,
  redeemDeviceLogin,
  reportApiKeys,
  requestApiKey,
  rollApiKey,
  rotateApiKey,
  startDeviceLogin,
  verifyApiKey,
} from '@andamio/schema/operations';
import { type Answer, requestKey } from '@andamio/testing/service-requests';

/** An operation with the response to a valid request. */
export interface SentOperation {
  readonly operation: Operation;
  readonly answer: Answer;
}

/**
 * Sends a valid request for every published operation, in an order in which each succeeds. If
 * this function contains no request for an operation that takes a token, it sends the
 * published example. The service must have all operations enabled.
 *
 * @param token the token of a user without keys
 * @param afterVerification called after a key was verified, before its usage is read
 * @throws Error if a response is not the published success, or this function contains no request
 *   for an operation that takes no token
 */
export async function sendEveryOperation(
  url: string,
  token: string,
  afterVerification: () => Promise<void> = async () => {},
): Promise<readonly SentOperation[]> {
  const sent: SentOperation[] = [];
  const bearer = { authorization: `Bearer ${token}` };

  /** Sends a request. Returns the fields of the response body. */
  async function send(
    operation: Operation,
    headers: Readonly<Record<string, string>> = {},
    body?: object,
  ) {
    const { id, method, path, success } = operation;
    const response = await fetch(`${url}${path}`, {
      method,
      headers: { ...headers, ...(body && { 'content-type': 'application/json' }) },
      ...(body && { body: JSON.stringify(body) }),
    });
    const answer = {
      status: response.status,
      headers: response.headers,
      body: (await response.json()) as Record<string, unknown>,
    };
    if (answer.status !== (success.status ?? 200))
      throw new Error(`${id}: ${answer.status} ${JSON.stringify(answer.body)}`);
    sent.push({ operation, answer });
    return answer.body as Record<string, string>;
  }

  const key = { api_key_name: 'every-operation' };
  await send(requestApiKey, bearer, { ...key, expires_in_days: 1 });
  await send(rotateApiKey, bearer, { ...key, expires_in_days: 1 });
  const rolled = await send(rollApiKey, bearer, key);
  await send(verifyApiKey, { 'X-API-Key': `${rolled['api_key']}` });
  await afterVerification();
  await send(listApiKeys, bearer);
  await send(getUser, bearer);
  await send(getUsage, bearer);
  const dateOf = (timestamp: number) => new Date(timestamp).toISOString().slice(0, 10);
  const [yesterday, today] = [dateOf(Date.now() - 86_400_000), dateOf(Date.now())];
  await send(getDailyUsage, bearer, { start_date: yesterday, end_date: today });
  await send(reportApiKeys, {}, { api_keys: [rolled['api_key']] });
  // The report revoked the current secret. The previous one is still valid, so the name is taken.
  await send(deleteApiKey, bearer, key);

  const login = await send(startDeviceLogin, {}, key);
  const shown = { user_code: login['user_code'] };
  await send(approveDeviceLogin, bearer, shown);
  await send(approveDeviceLogin, bearer, { ...shown, decision: 'approve' });
  await send(redeemDeviceLogin, {}, { device_code: login['device_code'] });
  await send(getOpenApiDocument);

  const unsent = () =>
    operations.filter((each) => !sent.some(({ operation }) => operation === each));
  for (const operation of unsent().filter(({ security }) => security === 'bearer')) {
    const example: Record<string, unknown> | undefined =
      'body' in operation ? operation.body.example : undefined;
    const name = example?.['api_key_name'];
    // The example of an operation on a key names a key that the user must have.
    if (typeof name === 'string') await requestKey(url, { api_key_name: name }, { token });
    await send(operation, bearer, example);
  }

  const missing = unsent();
  if (missing.length > 0)
    throw new Error(`Send a valid request for ${missing.map(({ id }) => id).join(', ')}, too.`);
  return sent;
}
