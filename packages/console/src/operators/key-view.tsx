import { useState } from 'preact/hooks';
import { Time } from '../views/time.tsx';
import { revokeKey } from './changes.ts';
import { KeyState, Loaded, RevokeButton, UserLink } from './parts.tsx';
import type { Report, Results } from './service.ts';
import { Table } from './table.tsx';
import type { ViewUi } from './ui.ts';
import { resultOf, useRequest } from './use-request.ts';

/**
 * The view that finds the owner of a key. The page does not keep the key after it sends the
 * request. Therefore it cannot read the key again after a change, and shows only the owner.
 */
export function KeyView({ ui }: { readonly ui: ViewUi }) {
  const { service, change, revision } = ui;
  const [key, setKey] = useState('');
  const [revisionFound, setRevisionFound] = useState(revision);
  const request = useRequest<Report<Results['show']>>(ui);
  const found = resultOf(request);
  return (
    <>
      <form
        class="query"
        aria-label="Find a key"
        onSubmit={(event) => {
          event.preventDefault();
          setKey('');
          setRevisionFound(revision);
          void request.send(() => service.read('show', { 'key-stdin': true }, key));
        }}
      >
        <label class="field">
          Key
          <input
            class="masked"
            required
            autocomplete="off"
            spellcheck={false}
            value={key}
            onInput={({ currentTarget }) => setKey(currentTarget.value)}
          />
        </label>
        <button type="submit" class="primary">
          Find
        </button>
      </form>
      <p class="hint">Shows the owner and state of a key.</p>
      <Loaded request={request}>
        {found && revisionFound !== revision && (
          <p>
            Owner: <UserLink userId={found.user_id} ui={ui} />
          </p>
        )}
        {found && revisionFound === revision && (
          <Table
            caption="Key"
            columns={['User', 'Name', 'Key', 'State', 'Tier', 'Expires', 'Actions']}
            rows={[
              [
                found.key.id,
                [
                  <UserLink key="user" userId={found.user_id} ui={ui} />,
                  <bdi key="name" class="name">
                    {found.key.name}
                  </bdi>,
                  <code key="key">{found.key.api_key.slice(0, 8)}…</code>,
                  <KeyState key="state" state={found.state} />,
                  found.tier,
                  <Time key="expires" value={found.key.expires_at} now={Date.now()} ui={ui} />,
                  <RevokeButton
                    key="revoke"
                    label={found.key.name}
                    onClick={() => change(revokeKey(found.user_id, found.key))}
                  />,
                ],
              ],
            ]}
          />
        )}
      </Loaded>
    </>
  );
}
