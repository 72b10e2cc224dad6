import { useState } from 'preact/hooks';
import { Time } from '../views/time.tsx';
import { UsageMeters } from '../views/usage.tsx';
import { erase, resetUsage, resume, revokeAll, revokeKey, setTier, suspend } from './changes.ts';
import { KeyState, LastUse, Loaded, OwnerState, RevokeButton } from './parts.tsx';
import type { Report, Results } from './service.ts';
import { Table } from './table.tsx';
import type { ViewUi } from './ui.ts';
import { resultOf, useReport } from './use-request.ts';

/**
 * Number of audit entries that are shown initially. Each click on the button below the table adds
 * as many.
 */
const pageSize = 50;

type Listed = Results['list'];

function Actions({
  ui: { change },
  userId,
  listed,
}: {
  readonly ui: ViewUi;
  readonly userId: string;
  readonly listed: Report<Listed>;
}) {
  // Usage and audit entries may remain of a user who no longer exists.
  const eraseButton = (
    <button type="button" onClick={() => change(erase(userId))}>
      Erase
    </button>
  );
  if (!listed.done) return <div class="buttons start">{eraseButton}</div>;
  const { tier, suspended } = listed.json;
  return (
    <div class="buttons start">
      <button type="button" onClick={() => change(setTier(userId, tier))}>
        Set tier
      </button>
      <button type="button" onClick={() => change(suspended ? resume(userId) : suspend(userId))}>
        {suspended ? 'Resume' : 'Suspend'}
      </button>
      <button type="button" onClick={() => change(revokeAll(userId))}>
        Revoke all keys
      </button>
      <button type="button" onClick={() => change(resetUsage(userId))}>
        Reset usage
      </button>
      {eraseButton}
    </div>
  );
}

function Keys({
  ui,
  userId,
  keys,
}: {
  readonly ui: ViewUi;
  readonly userId: string;
  readonly keys: Listed['keys'];
}) {
  const { texts, format, change } = ui;
  const { columns } = texts;
  if (keys.length === 0) return <p class="empty">No keys.</p>;
  return (
    <Table
      caption="Keys"
      columns={[
        columns.name,
        columns.key,
        columns.state,
        columns.created,
        columns.lastUsed,
        columns.expires,
        columns.actions,
      ]}
      rows={keys.map((key) => [
        key.id,
        [
          <bdi key="name" class="name">
            {key.name}
          </bdi>,
          <code key="key">{key.api_key.slice(0, 8)}…</code>,
          <KeyState key="state" state={key.state} />,
          <time key="created" dateTime={key.created_at}>
            {format.date(key.created_at)}
          </time>,
          <LastUse key="use" value={key.last_used_at} ui={ui} />,
          <Time key="expires" value={key.expires_at} now={Date.now()} ui={ui} />,
          <RevokeButton
            key="revoke"
            label={`${key.name}${key.state === 'superseded' ? ', previous secret' : ''}`}
            onClick={() =>
              change(
                revokeKey(
                  userId,
                  key,
                  key.last_used_at === null
                    ? 'No request with this key is known.'
                    : `The last request with this key was at ${format.time(key.last_used_at)}.`,
                ),
              )
            }
          />,
        ],
      ])}
    />
  );
}

function Audit({ ui, userId }: { readonly ui: ViewUi; readonly userId: string }) {
  const { service, format, revision } = ui;
  const [limit, setLimit] = useState(pageSize);
  const request = useReport(
    ui,
    () => service.read('audit', { user: userId, limit: String(limit) }),
    [userId, limit, revision],
  );
  const found = resultOf(request);
  return (
    <section aria-labelledby="audit-heading">
      <h3 id="audit-heading">Audit log</h3>
      <Loaded request={request}>
        {found && (
          <>
            <Table
              caption="Audit log"
              columns={['Time', 'By', 'Action', 'Key', 'Reason']}
              rows={found.entries.map(
                ({ at, actor_kind, actor_id, action, name, reason }, index) => [
                  String(index),
                  [
                    <time key="at" dateTime={at}>
                      {format.time(at)}
                    </time>,
                    <span key="by">
                      {actor_kind} <bdi>{actor_id}</bdi>
                    </span>,
                    action,
                    <bdi key="key">{name}</bdi>,
                    <bdi key="reason">{reason}</bdi>,
                  ],
                ],
              )}
            />
            {found.omitted > 0 && (
              <button type="button" onClick={() => setLimit(limit + pageSize)}>
                Show older entries
              </button>
            )}
          </>
        )}
      </Loaded>
    </section>
  );
}

/** The view that shows everything about one user. */
export function UserView({ ui, userId }: { readonly ui: ViewUi; readonly userId: string }) {
  const { service, texts, format, revision } = ui;
  const values = [userId, revision];
  const list = useReport(ui, () => service.read('list', { user: userId }), values);
  const usage = useReport(ui, () => service.read('usage', { user: userId }), values);
  const owner = resultOf(list);
  const counted = resultOf(usage);
  return (
    <>
      {list.answer && <Actions ui={ui} userId={userId} listed={list.answer} />}
      <Loaded request={list}>
        {owner && (
          <>
            <p>
              <OwnerState suspended={owner.suspended} /> · {owner.tier} ·{' '}
              {owner.created_at === null
                ? 'no key yet'
                : `first key ${format.date(owner.created_at)}`}
            </p>
            <Keys ui={ui} userId={userId} keys={owner.keys} />
          </>
        )}
      </Loaded>
      {/* The keys above say so if there is no such user. */}
      <Loaded request={{ ...usage, answer: usage.answer?.done ? usage.answer : undefined }}>
        {counted && (
          <UsageMeters
            ui={{ format, texts: { ...texts, usageHeading: 'Requests' } }}
            usage={{
              daily_quota_consumed: counted.day.requests,
              daily_quota_limit: counted.day.quota,
              monthly_quota_consumed: counted.month.requests,
              monthly_quota_limit: counted.month.quota,
            }}
          />
        )}
      </Loaded>
      <Audit ui={ui} userId={userId} />
    </>
  );
}
