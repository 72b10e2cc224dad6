import { printable } from '@andamio/schema/printable';
import { useEffect, useState } from 'preact/hooks';
import { Dialog } from '../views/dialog.tsx';
import type { Change } from './changes.ts';
import type { Preview, Report } from './service.ts';
import type { OperatorsUi } from './ui.ts';
import { useRequest } from './use-request.ts';
import { labels, withLabels, withShortIds } from './words.ts';

function Lines({ text }: { readonly text: readonly string[] }) {
  return (
    <div class="effect">
      {text.map((line) => (
        <p key={line}>{withShortIds(line)}</p>
      ))}
    </div>
  );
}

/**
 * The dialog that describes a change, and makes the change when the operator confirms it. The
 * description may come from the command itself. If the change is refused, the dialog shows why.
 */
export function ChangeDialog({
  ui,
  change,
  onDone,
  onCancel,
}: {
  readonly ui: OperatorsUi;
  readonly change: Change;
  readonly onDone: (report: Report) => void;
  /**
   * Called when the operator closes the dialog. `isOutdated` is true if the view may show outdated
   * data: the change was refused, or no answer says whether it was made.
   */
  readonly onCancel: (isOutdated: boolean) => void;
}) {
  const { service, about, texts } = ui;
  const { command, options, effect, isDangerous, fields } = change;
  const [reason, setReason] = useState('');
  const [tier, setTier] = useState(String(options['tier'] ?? ''));
  const preview = useRequest<Preview | Report>(ui);
  const execution = useRequest<Report>(ui);

  useEffect(() => {
    if (effect === undefined) void preview.send(() => service.preview(command, options));
  }, []);

  const found = effect === undefined ? preview.answer : { text: effect };
  const isRefused = (found !== undefined && 'done' in found) || execution.answer?.done === false;
  const isBusy = preview.isLoading || execution.isLoading;
  const canSubmit = found !== undefined && !isRefused && !isBusy;
  const error = preview.error ?? execution.error;

  const submit = async () => {
    if (!canSubmit) return;
    const given = {
      ...(fields.includes('tier') && { tier }),
      ...(fields.includes('reason') && reason !== '' && { reason }),
    };
    const report = await execution.send(() => service.execute(command, { ...options, ...given }));
    if (report?.done) onDone(report);
  };
  const cancel = () => {
    if (!execution.isLoading) onCancel(isRefused || execution.error !== undefined);
  };

  return (
    <Dialog
      {...(isDangerous && { role: 'alertdialog' })}
      heading={printable(change.heading)}
      onCancel={cancel}
    >
      <form
        noValidate
        aria-busy={isBusy}
        onSubmit={(event) => {
          event.preventDefault();
          // A dangerous change is made only with the button, because Enter in a field is easily
          // pressed by mistake.
          if (!isDangerous) void submit();
        }}
      >
        {found && <Lines text={found.text.map(printable)} />}
        <p class="hint">{about.commands[command]}</p>
        {change.hint && <p class="hint">{change.hint}</p>}
        {fields.includes('tier') && (
          <label class="field">
            {labels.tier}
            <select
              autofocus={!isDangerous}
              value={tier}
              onChange={({ currentTarget }) => setTier(currentTarget.value)}
            >
              {about.tiers.map((name) => (
                <option key={name}>{name}</option>
              ))}
            </select>
          </label>
        )}
        {fields.includes('reason') && (
          <label class="field">
            {labels.reason} (optional, for the audit log)
            <input
              autocomplete="off"
              autofocus={!isDangerous && !fields.includes('tier')}
              value={reason}
              onInput={({ currentTarget }) => setReason(currentTarget.value)}
            />
          </label>
        )}
        <p class="hint">
          {about.live ? 'LIVE: ' : ''}Working on {about.store}.
        </p>
        <div class="problem" role="alert">
          {error !== undefined && <p>{withLabels(error)}</p>}
          {execution.answer?.done === false && <Lines text={execution.answer.text} />}
        </div>
        <p role="status" class="progress">
          {isBusy ? texts.working : ''}
        </p>
        <div class="buttons">
          <button
            type="button"
            autofocus={isDangerous || fields.length === 0}
            aria-disabled={execution.isLoading}
            onClick={cancel}
          >
            {isRefused ? 'Close' : texts.cancel}
          </button>
          {!isRefused && (
            <button
              type={isDangerous ? 'button' : 'submit'}
              class={isDangerous ? 'danger' : 'primary'}
              aria-disabled={!canSubmit}
              onClick={isDangerous ? () => void submit() : undefined}
            >
              {change.submit}
            </button>
          )}
        </div>
      </form>
    </Dialog>
  );
}
