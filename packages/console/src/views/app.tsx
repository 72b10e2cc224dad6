import { isTier, tiers } from '@andamio/schema/tiers';
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Task } from '../account/account.ts';
import {
  type Filter,
  type Key,
  matches,
  type Order,
  stateOf,
  visibleKeys,
} from '../account/visible-keys.ts';
import { CreateDialog } from './create-dialog.tsx';
import { DeleteDialog } from './delete-dialog.tsx';
import { ExtendDialog } from './extend-dialog.tsx';
import { KeyTable } from './key-table.tsx';
import { ProblemText } from './problem-text.tsx';
import { ReplaceDialog } from './replace-dialog.tsx';
import { RevealDialog } from './reveal-dialog.tsx';
import type { Ui } from './ui.ts';
import { UsageMeters } from './usage.tsx';

/** Maximum number of keys for which the list has no search field. */
const fewKeys = 5;

/**
 * Number of keys that are shown initially. Each click on the button below the table adds as many.
 */
const pageSize = 50;

interface View {
  readonly query: string;
  readonly filter: Filter;
  readonly order: Order;
}

const initialView: View = { query: '', filter: 'all', order: 'attention' };

function TaskOf({ task, ui }: { readonly task: Task; readonly ui: Ui }) {
  if (task.kind === 'create') return <CreateDialog ui={ui} />;
  // A key that was replaced elsewhere has another id. Changes are made by name.
  const target = ui.account.state.keys?.find(({ name }) => name === task.key.name) ?? task.key;
  switch (task.kind) {
    case 'extend':
      return <ExtendDialog ui={ui} target={target} />;
    case 'replace':
      return <ReplaceDialog ui={ui} target={target} />;
    case 'delete':
      return <DeleteDialog ui={ui} target={target} />;
  }
}

/**
 * A button for each reason why keys need attention. A click shows only the keys to which the reason
 * applies.
 */
function Attention({
  ui: { texts, format },
  keys,
  now,
  onFilter,
}: {
  readonly ui: Ui;
  readonly keys: readonly Key[];
  readonly now: number;
  readonly onFilter: (filter: Filter) => void;
}) {
  const kinds = [
    ['expiring', texts.expireSoon],
    ['expired', texts.haveExpired],
    ['unused', texts.neverUsedFor90Days],
  ] as const;
  const found = kinds
    .map(([filter, text]) => {
      const { length } = keys.filter((key) => matches(key, filter, now));
      return { filter, length, text: text(format.number(length), length === 1) };
    })
    .filter(({ length }) => length > 0);
  if (found.length === 0) return null;
  return (
    <div class="attention">
      {found.map(({ filter, text }) => (
        <button type="button" key={filter} onClick={() => onFilter(filter)}>
          {text}
        </button>
      ))}
    </div>
  );
}

function Toolbar({
  ui: { texts },
  view,
  onChange,
}: {
  readonly ui: Ui;
  readonly view: View;
  readonly onChange: (view: View) => void;
}) {
  const options = (labels: Readonly<Record<string, string>>) =>
    Object.entries(labels).map(([value, label]) => (
      <option key={value} value={value}>
        {label}
      </option>
    ));
  return (
    <search class="toolbar">
      <label class="field">
        {texts.search}
        <input
          type="search"
          value={view.query}
          onInput={({ currentTarget }) => onChange({ ...view, query: currentTarget.value })}
        />
      </label>
      <label class="field">
        {texts.show}
        <select
          value={view.filter}
          onChange={({ currentTarget }) =>
            onChange({ ...view, filter: currentTarget.value as Filter })
          }
        >
          {options(texts.filters)}
        </select>
      </label>
      <label class="field">
        {texts.sortBy}
        <select
          value={view.order}
          onChange={({ currentTarget }) =>
            onChange({ ...view, order: currentTarget.value as Order })
          }
        >
          {options(texts.orders)}
        </select>
      </label>
    </search>
  );
}

function Keys({ ui, keys, now }: { readonly ui: Ui; readonly keys: readonly Key[]; now: number }) {
  const { texts, account } = ui;
  const [view, setView] = useState(initialView);
  const [shown, setShown] = useState(pageSize);
  if (keys.length === 0)
    return (
      <div class="empty">
        <h3>{texts.emptyHeading}</h3>
        <p>{texts.emptyText}</p>
      </div>
    );
  const visible = visibleKeys(keys, view, now);
  return (
    <>
      <Attention
        ui={ui}
        keys={keys}
        now={now}
        onFilter={(filter) => setView({ ...initialView, filter })}
      />
      {keys.length > fewKeys && <Toolbar ui={ui} view={view} onChange={setView} />}
      {visible.length === 0 ? (
        <p class="empty">{texts.noMatch}</p>
      ) : (
        <KeyTable ui={ui} keys={visible.slice(0, shown)} order={view.order} now={now} />
      )}
      <div class="buttons start">
        {visible.length > shown && (
          <button type="button" onClick={() => setShown(shown + pageSize)}>
            {texts.showMore}
          </button>
        )}
        {(view.filter !== 'all' || view.query !== '') && (
          <button type="button" onClick={() => setView({ ...view, query: '', filter: 'all' })}>
            {texts.showAll}
          </button>
        )}
      </div>
      {account.state.isReadOnly && <p class="hint">{texts.readOnly}</p>}
    </>
  );
}

/** Renders the component again every minute, because it shows relative times. */
function useMinutes(): void {
  const [, setTick] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => setTick((tick) => tick + 1), 60_000);
    return () => clearInterval(timer);
  }, []);
}

/** The whole content of the element `<andamio-keys>`. */
export function App({ ui }: { readonly ui: Ui }) {
  const { texts, format, account } = ui;
  const {
    keys,
    usage,
    isLoading,
    isOnline,
    isReadOnly,
    isSignedOut,
    problem,
    task,
    reveal,
    announcement,
  } = account.state;
  useMinutes();
  const now = account.now();
  // Beside the dialog of a signed-out user, no other change can be started.
  const isWaiting = task !== undefined && isSignedOut;
  const heading = useRef<HTMLHeadingElement>(null);

  const tier = usage?.subscription_tier;
  const maximum = tier !== undefined && isTier(tier) ? tiers[tier].maximumKeys : undefined;
  const used = keys?.filter((key) => stateOf(key, now) !== 'expired').length ?? 0;
  const isFull = maximum !== undefined && used >= maximum;

  // The row of a deleted key, to which the focus would return, no longer exists.
  const count = keys?.length ?? 0;
  const previousCount = useRef(count);
  useEffect(() => {
    if (count < previousCount.current && !task) heading.current?.focus();
    previousCount.current = count;
  }, [count, task]);

  return (
    <div class="root">
      <header>
        <h2 ref={heading} tabIndex={-1}>
          {texts.heading}
        </h2>
        {keys && tier !== undefined && maximum !== undefined && (
          <p>{texts.keysUsed(format.number(used), format.number(maximum), tier, maximum === 1)}</p>
        )}
        <div class="buttons">
          <button type="button" aria-disabled={isLoading} onClick={() => void account.load()}>
            {texts.refresh}
          </button>
          {!isReadOnly && (
            <button
              type="button"
              class="primary"
              aria-disabled={isFull || !keys || isWaiting}
              aria-describedby={isFull ? 'full' : undefined}
              onClick={() => !isFull && keys && !isWaiting && account.open({ kind: 'create' })}
            >
              {texts.create}
            </button>
          )}
        </div>
      </header>
      {isFull && !isReadOnly && (
        <p class="hint" id="full">
          {texts.atMaximum}
        </p>
      )}
      {!isOnline && (
        <p class="problem" role="alert">
          {texts.offline}
        </p>
      )}
      {problem && isOnline && (
        <div class="notice">
          <ProblemText problem={problem} ui={ui} />
          {problem.retryAt === undefined && (
            <button type="button" onClick={() => void account.load()}>
              {texts.tryAgain}
            </button>
          )}
        </div>
      )}
      {task && <TaskOf task={task} ui={ui} />}
      {keys ? (
        <div class="root" inert={isWaiting}>
          <Keys ui={ui} keys={keys} now={now} />
        </div>
      ) : (
        isLoading && <p>{texts.loading}</p>
      )}
      {usage && <UsageMeters ui={ui} usage={usage} />}
      <p role="status" class="unseen">
        {announcement}
      </p>
      {reveal && <RevealDialog ui={ui} reveal={reveal} />}
    </div>
  );
}
