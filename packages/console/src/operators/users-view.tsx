import { useState } from 'preact/hooks';
import { Time } from '../views/time.tsx';
import { Loaded, OwnerState, UserLink } from './parts.tsx';
import type { Options } from './service.ts';
import { Table } from './table.tsx';
import type { ViewUi } from './ui.ts';
import { resultOf, useReport } from './use-request.ts';
import { labels } from './words.ts';

/**
 * Number of users that are shown initially. Each click on the button below the table adds as many.
 */
const pageSize = 50;

/** The view that finds users. */
export function UsersView({ ui }: { readonly ui: ViewUi }) {
  const { service, about, open, revision } = ui;
  const [search, setSearch] = useState('');
  const [tier, setTier] = useState('');
  const [isSuspended, setSuspended] = useState(false);
  const [query, setQuery] = useState<{ readonly options: Options; readonly limit: number }>({
    options: {},
    limit: pageSize,
  });
  const [userId, setUserId] = useState('');
  const request = useReport(
    ui,
    () => service.read('users', { ...query.options, limit: String(query.limit) }),
    [query, revision],
  );
  const found = resultOf(request);
  return (
    <>
      <form
        class="query"
        aria-label="Open a user"
        onSubmit={(event) => {
          event.preventDefault();
          open({ kind: 'user', userId });
        }}
      >
        <label class="field">
          {labels.user}
          <input
            required
            autocomplete="off"
            spellcheck={false}
            value={userId}
            onInput={({ currentTarget }) => setUserId(currentTarget.value)}
          />
        </label>
        <button type="submit">Open user</button>
      </form>
      <form
        class="query"
        aria-label="Search users"
        onSubmit={(event) => {
          event.preventDefault();
          const options = {
            ...(search !== '' && { search }),
            ...(tier !== '' && { tier }),
            ...(isSuspended && { suspended: true }),
          };
          setQuery({ options, limit: pageSize });
        }}
      >
        <label class="field">
          {labels.search}
          <input
            type="search"
            autocomplete="off"
            spellcheck={false}
            value={search}
            onInput={({ currentTarget }) => setSearch(currentTarget.value)}
          />
        </label>
        <label class="field">
          {labels.tier}
          <select value={tier} onChange={({ currentTarget }) => setTier(currentTarget.value)}>
            <option value="">any</option>
            {about.tiers.map((name) => (
              <option key={name}>{name}</option>
            ))}
          </select>
        </label>
        <label class="check">
          <input
            type="checkbox"
            checked={isSuspended}
            onChange={({ currentTarget }) => setSuspended(currentTarget.checked)}
          />
          {labels.suspended}
        </label>
        <button type="submit" class="primary">
          Search
        </button>
      </form>
      <p class="hint">{about.commands['users']}</p>
      <Loaded request={request}>
        {found && (
          <>
            <Table
              caption="Users"
              columns={['User', 'Tier', 'State', 'First key']}
              rows={found.users.map((user) => [
                user.user_id,
                [
                  <UserLink key="user" userId={user.user_id} ui={ui} />,
                  user.tier,
                  <OwnerState key="state" suspended={user.suspended} />,
                  user.created_at === null ? (
                    'No key yet'
                  ) : (
                    <Time key="since" value={user.created_at} now={Date.now()} ui={ui} />
                  ),
                ],
              ])}
            />
            {found.has_more && (
              <button
                type="button"
                onClick={() => setQuery({ ...query, limit: query.limit + pageSize })}
              >
                Show more users
              </button>
            )}
          </>
        )}
      </Loaded>
    </>
  );
}
