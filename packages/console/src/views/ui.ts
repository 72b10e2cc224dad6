import type { Account } from '../account/account.ts';
import type { Format } from '../format.ts';
import type { Texts } from '../texts.ts';

/** The values that all views need. */
export interface Ui {
  readonly account: Account;
  readonly texts: Texts;
  readonly format: Format;
  /** Base URL of the service, without a trailing slash. */
  readonly baseUrl: string;
  /** Maximum number of days for which a key may be valid. */
  readonly maximumDays: number;
}
