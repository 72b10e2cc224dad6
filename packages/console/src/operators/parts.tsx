import { printable } from '@andamio/schema/printable';
import type { ComponentChildren } from 'preact';
import { Time } from '../views/time.tsx';
import type { Report } from './service.ts';
import type { ViewUi } from './ui.ts';
import type { Request } from './use-request.ts';
import { withLabels } from './words.ts';

/**
 * Shows the result of a view's request, or its error. If the result is empty, shows the command's
 * text instead, such as "No user matches."
 */
export function Loaded({
  request: { answer, error, isLoading },
  children,
}: {
  readonly request: Omit<Request<Report>, 'send'>;
  readonly children: ComponentChildren;
}) {
  return (
    <section aria-busy={isLoading}>
      <div class="problem" role="alert">
        {error !== undefined && <p>{withLabels(error)}</p>}
      </div>
      <p role="status" class="progress">
        {isLoading ? 'Reading…' : ''}
      </p>
      {answer?.done === true && children}
      {answer?.done === false && <p class="empty">{answer.text.join(' ')}</p>}
    </section>
  );
}

/** A link that shows a user id and opens the view of that user. */
export function UserLink({ userId, ui }: { readonly userId: string; readonly ui: ViewUi }) {
  return (
    <button type="button" class="link" onClick={() => ui.open({ kind: 'user', userId })}>
      <bdi>{userId}</bdi>
    </button>
  );
}

/** The symbol beside each state, so that states do not differ only in color. */
const marks = { active: '●', superseded: '◐', suspended: '■', expired: '✕' } as const;

/** The state of a key. */
export function KeyState({ state }: { readonly state: keyof typeof marks }) {
  return (
    <span class={`state ${state}`}>
      <span aria-hidden="true">{marks[state]}</span>{' '}
      {state.slice(0, 1).toUpperCase() + state.slice(1)}
    </span>
  );
}

/** The state of a user. */
export function OwnerState({ suspended }: { readonly suspended: boolean }) {
  return <KeyState state={suspended ? 'suspended' : 'active'} />;
}

/** The time of a key's last use. */
export function LastUse({ value, ui }: { readonly value: string | null; readonly ui: ViewUi }) {
  return value === null ? ui.texts.neverUsed : <Time value={value} now={Date.now()} ui={ui} />;
}

/** The button that revokes a key. Its label tells screen readers which key. */
export function RevokeButton({
  label,
  onClick,
}: {
  readonly label: string;
  readonly onClick: () => void;
}) {
  return (
    <button type="button" aria-label={printable(`Revoke: ${label}`)} onClick={onClick}>
      Revoke
    </button>
  );
}
