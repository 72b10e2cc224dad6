import { secretScanningPath, signatureHeaders } from '@andamio/schema/secret-scanning';
import { type Request, type RequestHandler, Router } from 'express';
import type { AlertSignature, VerifyAlert } from '../../auth/verify-alert.ts';
import type { RevokeKeyDependencies } from '../../keys/revoke.ts';
import { revokeLeaked } from '../../keys/revoke-leaked.ts';
import type { Logger } from '../../log.ts';
import { CredentialsRefusedError, HttpError } from '../response/errors.ts';
import { refuseOtherMethods } from '../routing/methods.ts';
import { rememberRoute } from '../routing/remember-route.ts';
import { parseAlerts, readAlerts, verdictsOf } from './alerts.ts';

export interface SecretScanningDependencies {
  readonly keys: RevokeKeyDependencies;
  readonly verifyAlert: VerifyAlert;
  /** After a signature turned out good. */
  readonly giveBackAddressLimit: RequestHandler;
  readonly log: Logger;
}

/** What the headers say of the signature, if both are there, and there once. */
function signatureOf({ headersDistinct }: Request): AlertSignature | undefined {
  const [keyIdentifier, ...moreIdentifiers] = headersDistinct[signatureHeaders.keyIdentifier] ?? [];
  const [signature, ...moreSignatures] = headersDistinct[signatureHeaders.signature] ?? [];
  const isClear = moreIdentifiers.length === 0 && moreSignatures.length === 0;
  return isClear && keyIdentifier && signature ? { keyIdentifier, signature } : undefined;
}

/** Before a body is read that nobody says to have signed. */
const requireSignature: RequestHandler = (request, _response, next) => {
  if (signatureOf(request) === undefined) throw new CredentialsRefusedError('invalid_signature', 'malformed');
  next();
};

function authenticate(verifyAlert: VerifyAlert): RequestHandler {
  return async (request, _response, next) => {
    const body: Uint8Array = request.body ?? new Uint8Array();
    const verification = await verifyAlert(signatureOf(request) as AlertSignature, body);
    // A refusal would be final: GitHub sends an alert again after a 500.
    if (verification === 'unconfirmed') throw new HttpError('signing_keys_unavailable');
    if (verification !== 'verified') throw new CredentialsRefusedError('invalid_signature', verification);
    next();
  };
}

function answer(keys: RevokeKeyDependencies, log: Logger): RequestHandler {
  return async (request, response) => {
    const { alerts, unreadable } = parseAlerts(request.body);
    if (unreadable > 0) log.warn({ unreadable }, 'GitHub sent alerts that name no token; the others are handled');
    const tokens = alerts.map(({ token }) => token);
    const { revoked, before } = await revokeLeaked(keys, tokens, { kind: 'github' });
    if (revoked.size > 0) log.warn({ keys: revoked.size }, 'GitHub found keys in public; they are revoked');
    response.json(verdictsOf(alerts, new Set([...revoked, ...before])));
  };
}

/** POST /api/v1/github/secret-scanning: GitHub says which keys it found in public, and they are revoked at once. */
export function secretScanningRouter(dependencies: SecretScanningDependencies): Router {
  const { keys, verifyAlert, giveBackAddressLimit, log } = dependencies;
  const router = Router({ caseSensitive: true, strict: true });
  router.post(
    secretScanningPath,
    rememberRoute(secretScanningPath),
    requireSignature,
    readAlerts,
    authenticate(verifyAlert),
    giveBackAddressLimit,
    answer(keys, log),
  );
  router.all(secretScanningPath, refuseOtherMethods(['post']));
  return router;
}
