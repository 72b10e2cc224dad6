import { useEffect, useState } from 'preact/hooks';
import { revokeKey } from './changes.ts';
import { LastUse, Loaded, RevokeButton, UserLink } from './parts.tsx';
import type { Report, Results } from './service.ts';
import { Table } from './table.tsx';
import type { ViewUi } from './ui.ts';
import { resultOf, useRequest } from './use-request.ts';
import { labels } from './words.ts';

/**
 * Number of keys that are shown initially. Each click on the button below the table adds as many.
 */
const pageSize = 50;

/** The view that shows the keys that have not been used for a number of days. */
export function StaleView({ ui }: { readonly ui: ViewUi }) {
  const { service, about, format, change, revision } = ui;
  const [days, setDays] = useState('90');
  const [sent, setSent] = useState<{ readonly days: string; readonly limit: number }>();
  const request = useRequest<Report<Results['stale']>>(ui);
  // Finding stale keys reads all keys, so it starts only when the operator presses a button.
  useEffect(() => {
    if (sent === undefined) return;
    const options = { 'idle-days': sent.days, limit: String(sent.limit) };
    void request.send(() => service.read('stale', options));
  }, [sent, revision]);
  const found = resultOf(request);
  return (
    <>
      <form
        class="query"
        noValidate
        aria-label="Find stale keys"
        onSubmit={(event) => {
          event.preventDefault();
          setSent({ days, limit: pageSize });
        }}
      >
        <label class="field">
          {labels['idle-days']}
          <input
            inputMode="numeric"
            autocomplete="off"
            value={days}
            onInput={({ currentTarget }) => setDays(currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Find
        </button>
      </form>
      <p class="hint">{about.commands['stale']}</p>
      <Loaded request={request}>
        {found && (
          <>
            <Table
              caption="Stale keys"
              columns={['Name', 'User', 'Last used', 'Created', 'Actions']}
              rows={found.keys.map((key) => [
                key.id,
                [
                  <bdi key="name" class="name">
                    {key.name}
                  </bdi>,
                  <UserLink key="user" userId={key.user_id} ui={ui} />,
                  <LastUse key="use" value={key.last_used_at} ui={ui} />,
                  <time key="created" dateTime={key.created_at}>
                    {format.date(key.created_at)}
                  </time>,
                  <RevokeButton
                    key="revoke"
                    label={`${key.name} of ${key.user_id}`}
                    onClick={() => change(revokeKey(key.user_id, key))}
                  />,
                ],
              ])}
            />
            {sent && found.has_more && (
              <button
                type="button"
                onClick={() => setSent({ ...sent, limit: sent.limit + pageSize })}
              >
                Show more keys
              </button>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}
