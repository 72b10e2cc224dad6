import type { RevokeKeyDependencies } from '@andamio/keys/revoke';
import { revokeLeaked } from '@andamio/keys/revoke-leaked';
import { logEvents } from '@andamio/schema/log-events';
import { secretScanningPath, signatureHeaders } from '@andamio/schema/secret-scanning';
import { type Request, type RequestHandler, Router } from 'express';
import type { AlertSignature, VerifyAlert } from '../../auth/verify-alert.ts';
import { type Logger, logEvent } from '../../log.ts';
import {
  countedRequest,
  refuseOtherMethods,
  removeLimitHeaders,
  reportRoute,
} from '../express-steps.ts';
import { type Limit, refund } from '../limits/limit.ts';
import { CredentialsRefusedError, withRequestId } from '../response/errors.ts';
import { parseAlerts, readAlerts, verdictsOf } from './alerts.ts';

export interface SecretScanningDependencies {
  readonly keys: RevokeKeyDependencies;
  readonly verifyAlert: VerifyAlert;
  /**
   * The limit on requests per client address. The count of a message with a valid signature is
   * refunded.
   */
  readonly addressLimit: Limit<string>;
  readonly log: Logger;
}

/**
 * Returns the signature in the request headers. Called before the body is read.
 *
 * @throws {@link CredentialsRefusedError} unless each header is present exactly once.
 */
function signatureOf({ headersDistinct }: Request): AlertSignature {
  const [keyIdentifier, ...moreIdentifiers] = headersDistinct[signatureHeaders.keyIdentifier] ?? [];
  const [signature, ...moreSignatures] = headersDistinct[signatureHeaders.signature] ?? [];
  const isClear = moreIdentifiers.length === 0 && moreSignatures.length === 0;
  if (isClear && keyIdentifier && signature) return { keyIdentifier, signature };
  throw new CredentialsRefusedError('invalid_signature', 'malformed');
}

async function authenticate(
  verifyAlert: VerifyAlert,
  signature: AlertSignature,
  body: Uint8Array,
  requestId: string,
): Promise<void> {
  const verification = await verifyAlert(signature, body);
  // GitHub sends an alert again after status 500, but not after a refusal. The log line has no
  // cause and is not an error, because anyone can get this response with a made-up identifier.
  if (verification === 'unconfirmed') throw withRequestId('signing_keys_unavailable', requestId);
  if (verification !== 'verified')
    throw new CredentialsRefusedError('invalid_signature', verification);
}

/**
 * Creates the handler of POST /api/v1/github/secret-scanning, which revokes the keys that GitHub
 * found in public.
 */
function handleAlerts({
  keys,
  verifyAlert,
  addressLimit,
  log,
}: SecretScanningDependencies): RequestHandler {
  return async (request, response) => {
    const signature = signatureOf(request);
    const body = (await readAlerts(request, response)) ?? new Uint8Array();
    const { requestId, address } = response.locals.exchange;
    await authenticate(verifyAlert, signature, body, requestId);
    await refund(addressLimit, address, countedRequest(request));
    removeLimitHeaders(response);

    const { alerts, unreadable } = parseAlerts(body);
    if (unreadable > 0) logEvent(log, 'warn', logEvents.unreadableAlerts, { unreadable });
    const tokens = alerts.map(({ token }) => token);
    const { revoked, before, failures } = await revokeLeaked(keys, tokens, { kind: 'github' });
    if (revoked.size > 0)
      logEvent(log, 'warn', logEvents.leakedKeysRevoked, { keys: revoked.size });
    if (failures.length > 0) throw failures[0]; // GitHub repeats the alert.
    response.json(verdictsOf(alerts, new Set([...revoked, ...before])));
  };
}

/**
 * Creates the router that receives GitHub's secret scanning alerts and revokes the reported keys.
 */
export function secretScanningRouter(dependencies: SecretScanningDependencies): Router {
  const router = Router({ caseSensitive: true, strict: true });
  router.post(secretScanningPath, reportRoute(secretScanningPath), handleAlerts(dependencies));
  router.all(secretScanningPath, refuseOtherMethods(['post']));
  return router;
}
