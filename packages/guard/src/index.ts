export {
  type AcceptedKey,
  type ApiKeyChecker,
  type CheckContext,
  createKeyChecker,
  type KeyCheck,
  type RefusedKey,
} from './checker.ts';
export { type ApiKeyGuard, apiKeyGuard } from './express.ts';
export type { RefusalBody, RefusalCode } from './refusal.ts';
export type * from './types.ts';
