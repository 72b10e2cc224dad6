import {
  canExtend,
  extendableFrom,
  type Key,
  type KeyState,
  type Order,
  stateOf,
} from '../account/visible-keys.ts';
import { Chart } from './chart.tsx';
import { Time } from './time.tsx';
import type { Ui } from './ui.ts';

const day = 86_400_000;

/** Number of days from the expiry of a key to its removal (contract, part C). */
const retention = 30;

/** The symbol beside each state, so that states do not differ only in color. */
const marks: Readonly<Record<KeyState, string>> = {
  active: '●',
  expiring: '▲',
  expired: '✕',
  replaced: '◐',
};

function LastUsed({ value, now, ui }: { value: string | null; now: number; ui: Ui }) {
  return value === null ? ui.texts.neverUsed : <Time value={value} now={now} ui={ui} />;
}

function Actions({ keyOfRow: key, now, ui }: { keyOfRow: Key; now: number; ui: Ui }) {
  const { texts, format, account } = ui;
  const button = (kind: 'extend' | 'replace' | 'delete') => (
    <button
      type="button"
      aria-label={`${texts[kind]}: ${key.name}`}
      onClick={() => account.open({ kind, key })}
    >
      {texts[kind]}
    </button>
  );
  const isExpired = stateOf(key, now) === 'expired';
  return (
    <div class="actions">
      {canExtend(key, now) && button('extend')}
      {!isExpired && button('replace')}
      {button('delete')}
      {!canExtend(key, now) && (
        <small>{texts.extendableFrom(format.date(extendableFrom(key)))}</small>
      )}
    </div>
  );
}

function Rows({ keyOfRow: key, now, ui }: { keyOfRow: Key; now: number; ui: Ui }) {
  const { texts, format, account } = ui;
  const { requests, isReadOnly } = account.state;
  const { columns } = texts;
  const state = stateOf(key, now);
  const expiry = Date.parse(key.expires_at);
  return (
    <>
      <tr part="row">
        <th scope="row" data-label={columns.name}>
          <bdi class="name">{key.name}</bdi>
        </th>
        <td data-label={columns.key}>
          <code>{key.start}…</code>
        </td>
        <td data-label={columns.state}>
          <span class={`state ${state}`} part="state">
            <span aria-hidden="true">{marks[state]}</span> {texts.states[state]}
          </span>
        </td>
        <td data-label={columns.created}>
          <time dateTime={key.created_at}>{format.date(key.created_at)}</time>
        </td>
        <td data-label={columns.lastUsed}>
          <LastUsed value={key.last_used_at} now={now} ui={ui} />
        </td>
        <td data-label={columns.requests}>
          <div class="requests">
            <span>{format.number(key.requests_30d)}</span>
            {requests && <Chart ui={ui} requests={requests.get(key.name) ?? new Map()} />}
          </div>
        </td>
        <td data-label={columns.expires}>
          <Time value={key.expires_at} now={now} ui={ui} />
          {state === 'expired' && (
            <small>{texts.removedOn(format.date(expiry + retention * day))}</small>
          )}
        </td>
        {!isReadOnly && (
          <td data-label={columns.actions}>
            <Actions keyOfRow={key} now={now} ui={ui} />
          </td>
        )}
      </tr>
      {key.previous && (
        <tr class="previous">
          <td data-label={columns.name}>
            {texts.previousSecret(format.time(key.previous.expires_at))}
          </td>
          <td data-label={columns.key}>
            <code>{key.previous.start}…</code>
          </td>
          <td class="blank" colSpan={2} />
          <td data-label={columns.lastUsed}>
            <LastUsed value={key.previous.last_used_at} now={now} ui={ui} />
          </td>
          <td class="blank" colSpan={isReadOnly ? 2 : 3} />
        </tr>
      )}
    </>
  );
}

const sortedColumns: Readonly<Partial<Record<string, Order>>> = {
  created: 'newest',
  name: 'name',
  lastUsed: 'lastUsed',
  expires: 'expiry',
};

/** The table of keys. On a narrow page, each row becomes a card. */
export function KeyTable({
  ui,
  keys,
  order,
  now,
}: {
  readonly ui: Ui;
  readonly keys: readonly Key[];
  readonly order: Order;
  readonly now: number;
}) {
  const { texts, account } = ui;
  const sortOf = (column: string) => {
    if (sortedColumns[column] !== order) return undefined;
    return order === 'newest' || order === 'lastUsed' ? 'descending' : 'ascending';
  };
  return (
    <table part="table" aria-busy={account.state.isLoading}>
      <caption class="unseen">{texts.heading}</caption>
      <thead>
        <tr>
          {Object.entries(texts.columns)
            .filter(([column]) => column !== 'actions' || !account.state.isReadOnly)
            .map(([column, label]) => (
              <th key={column} scope="col" aria-sort={sortOf(column)}>
                {label}
              </th>
            ))}
        </tr>
      </thead>
      <tbody>
        {keys.map((key) => (
          <Rows key={key.id} keyOfRow={key} now={now} ui={ui} />
        ))}
      </tbody>
    </table>
  );
}
