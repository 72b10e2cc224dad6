import type { Format } from '../format.ts';
import type { Texts } from '../texts.ts';
import type { Change } from './changes.ts';
import type { About, Service } from './service.ts';

/** The values that all parts of the operators' page need. */
export interface OperatorsUi {
  readonly service: Service;
  readonly about: About;
  readonly texts: Texts;
  readonly format: Format;
  /** Removes everything that is shown, because the session is over. */
  readonly end: (reason: string) => void;
}

/** What the page shows. */
export type View =
  | { readonly kind: 'users' | 'key' | 'stale' | 'numbers' }
  | { readonly kind: 'user'; readonly userId: string };

/** The values that all views need. */
export interface ViewUi extends OperatorsUi {
  readonly open: (view: View) => void;
  /** Opens the dialog of a change. */
  readonly change: (change: Change) => void;
  /** Increases with each change, after which the views read again. */
  readonly revision: number;
}
