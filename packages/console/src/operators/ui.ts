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
  /** Ends the session on this page: removes everything shown, and shows the reason. */
  readonly end: (reason: string) => void;
}

/** The view that the page shows. */
export type View =
  | { readonly kind: 'users' | 'key' | 'stale' | 'numbers' }
  | { readonly kind: 'user'; readonly userId: string };

/** The values that all views need. */
export interface ViewUi extends OperatorsUi {
  readonly open: (view: View) => void;
  /** Opens the dialog of a change. */
  readonly change: (change: Change) => void;
  /**
   * A number that increases with each change, also with one that was refused or got no answer. When
   * it increases, the views read their data again or remove it. Only counts of the whole store stay,
   * because the changes in their view change no count.
   */
  readonly revision: number;
}
