import { printDigestKeys } from './changes.ts';
import { Loaded } from './parts.tsx';
import type { Report, Results } from './service.ts';
import { Table } from './table.tsx';
import type { ViewUi } from './ui.ts';
import { resultOf, useRequest } from './use-request.ts';

function Statistics({ ui }: { readonly ui: ViewUi }) {
  const { service, about, format } = ui;
  const request = useRequest<Report<Results['stats']>>(ui);
  const found = resultOf(request);
  const row = (label: string, count: number) => [label, [label, format.number(count)]] as const;
  return (
    <section aria-labelledby="statistics-heading">
      <h3 id="statistics-heading">Users and keys</h3>
      <p class="hint">{about.commands['stats']}</p>
      <div class="buttons start">
        <button type="button" onClick={() => void request.send(() => service.read('stats', {}))}>
          Count users and keys
        </button>
      </div>
      <Loaded request={request}>
        {found && (
          <Table
            caption="Users and keys"
            columns={['Kind', 'Count']}
            rows={[
              row('Users', found.owners.total),
              row('Suspended users', found.owners.suspended),
              ...Object.entries(found.owners.by_tier).map(([tier, count]) =>
                row(`Users of tier ${tier}`, count),
              ),
              row('Active keys', found.keys.active),
              row('Superseded keys', found.keys.superseded),
              row('Expired keys', found.keys.expired),
            ]}
          />
        )}
      </Loaded>
    </section>
  );
}

function Peppers({ ui }: { readonly ui: ViewUi }) {
  const { service, about, format, change } = ui;
  const request = useRequest<Report<Results['rehash-report']>>(ui);
  const found = resultOf(request);
  const yesNo = (value: boolean) => (value ? 'yes' : 'no');
  return (
    <section aria-labelledby="peppers-heading">
      <h3 id="peppers-heading">Peppers</h3>
      <p class="hint">{about.commands['rehash-report']}</p>
      <p class="hint">{about.commands['digest-keys']}</p>
      <div class="buttons start">
        <button
          type="button"
          onClick={() => void request.send(() => service.read('rehash-report', {}))}
        >
          Count keys by pepper
        </button>
        <button type="button" onClick={() => change(printDigestKeys)}>
          Print digest keys
        </button>
      </div>
      <Loaded request={request}>
        {found && (
          <>
            <Table
              caption="Peppers"
              columns={[
                'Version',
                'Unexpired keys',
                'Expired keys',
                'Configured',
                'Creates keys',
                'Can be dropped',
              ]}
              rows={found.peppers.map((pepper) => [
                pepper.version,
                [
                  pepper.version,
                  format.number(pepper.unexpired_keys),
                  format.number(pepper.expired_keys),
                  yesNo(pepper.configured),
                  yesNo(pepper.makes_keys),
                  yesNo(pepper.can_be_dropped),
                ],
              ])}
            />
            <p class="hint">{request.answer?.text.at(-1)}</p>
          </>
        )}
      </Loaded>
    </section>
  );
}

/**
 * The view that shows counts. Counting reads the whole store, so it starts only when the operator
 * presses a button.
 */
export function NumbersView({ ui }: { readonly ui: ViewUi }) {
  return (
    <>
      <Statistics ui={ui} />
      <Peppers ui={ui} />
    </>
  );
}
