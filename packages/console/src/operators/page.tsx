import { printable } from '@andamio/schema/printable';
import { useEffect, useRef, useState } from 'preact/hooks';
import { ChangeDialog } from './change-dialog.tsx';
import type { Change } from './changes.ts';
import { KeyView } from './key-view.tsx';
import { NumbersView } from './numbers-view.tsx';
import { StaleView } from './stale-view.tsx';
import type { OperatorsUi, View, ViewUi } from './ui.ts';
import { UserView } from './user-view.tsx';
import { UsersView } from './users-view.tsx';
import { withShortIds } from './words.ts';

const headings = {
  users: 'Users',
  key: 'Find a key',
  stale: 'Stale keys',
  numbers: 'Numbers',
} as const;

const headingOf = (view: View) => (view.kind === 'user' ? view.userId : headings[view.kind]);

function ViewOf({ view, ui }: { readonly view: View; readonly ui: ViewUi }) {
  switch (view.kind) {
    case 'users':
      return <UsersView ui={ui} />;
    case 'user':
      return <UserView key={view.userId} ui={ui} userId={view.userId} />;
    case 'key':
      return <KeyView ui={ui} />;
    case 'stale':
      return <StaleView ui={ui} />;
    case 'numbers':
      return <NumbersView ui={ui} />;
  }
}

/**
 * Returns the current view and a function that opens another. The browser's back button also
 * changes the view. The address never contains a user id.
 *
 * @param onChange called before another view appears.
 */
function useView(onChange: () => void): readonly [View, (view: View) => void] {
  const [view, setView] = useState<View>(history.state ?? { kind: 'users' });
  const show = (next: View) => {
    onChange();
    setView(next);
  };
  useEffect(() => {
    const onPopState = ({ state }: PopStateEvent) => show(state ?? { kind: 'users' });
    addEventListener('popstate', onPopState);
    return () => removeEventListener('popstate', onPopState);
  }, []);
  const open = (next: View) => {
    history.pushState(next, '');
    show(next);
  };
  return [view, open];
}

/** The content of the operators' page while the session is open. */
export function Page({ ui: given }: { readonly ui: OperatorsUi }) {
  const { about } = given;
  const [change, setChange] = useState<Change>();
  const [outcome, setOutcome] = useState<readonly string[]>([]);
  const [revision, setRevision] = useState(0);
  const heading = useRef<HTMLHeadingElement>(null);
  const status = useRef<HTMLDivElement>(null);

  // The dialog and the outcome of a change belong to the view in which the change was made.
  const [view, open] = useView(() => {
    setChange(undefined);
    setOutcome([]);
  });
  const shown = useRef(view);
  shown.current = view;
  const ui = { ...given, open, change: setChange, revision };

  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) heading.current?.focus();
    isFirst.current = false;
  }, [view]);
  // The button that opened the dialog may no longer exist.
  useEffect(() => {
    if (outcome.length > 0) status.current?.focus();
  }, [outcome]);

  return (
    <div class="root">
      <header>
        <h1>Andamio operators</h1>
        <nav aria-label="Page">
          {(['users', 'key', 'stale', 'numbers'] as const).map((kind) => (
            <button
              key={kind}
              type="button"
              aria-current={view.kind === kind ? 'page' : undefined}
              onClick={() => open({ kind })}
            >
              {headings[kind]}
            </button>
          ))}
        </nav>
      </header>
      <div class={about.live ? 'store live' : 'store'}>
        {about.live && <strong>LIVE DATABASE</strong>}
        <span>Working on {about.store}.</span>
        <span class="hint">
          Changes are recorded as <bdi>{about.operator}</bdi>. The page ends after{' '}
          {about.idle_minutes} minutes without a request.
        </span>
      </div>
      <main class="root">
        <h2 ref={heading} tabIndex={-1}>
          <bdi>{printable(headingOf(view))}</bdi>
        </h2>
        <div ref={status} role="status" tabIndex={-1} class="outcome">
          {outcome.map((line) => (
            <p key={line}>{withShortIds(line)}</p>
          ))}
        </div>
        <ViewOf view={view} ui={ui} />
      </main>
      {change && (
        <ChangeDialog
          ui={ui}
          change={change}
          onCancel={(isOutdated) => {
            setChange(undefined);
            if (isOutdated) setRevision((number) => number + 1);
          }}
          onDone={({ text }) => {
            setRevision((number) => number + 1);
            // The operator may have left the view before the answer arrived.
            if (shown.current !== view) return;
            setChange(undefined);
            setOutcome(text);
          }}
        />
      )}
    </div>
  );
}

/** The content of the operators' page if there is no session, or if the session has ended. */
export function Ended({ reason }: { readonly reason: string }) {
  return (
    <main class="root">
      <h1>Andamio operators</h1>
      <p role="alert" class="problem">
        {reason}
      </p>
      <p>Run admin.js serve, and open the address that it prints.</p>
    </main>
  );
}
