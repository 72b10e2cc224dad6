import { useState } from 'preact/hooks';
import type { Key } from '../account/visible-keys.ts';
import { lastUse } from './last-use.ts';
import { TaskDialog } from './task-dialog.tsx';
import type { Ui } from './ui.ts';

/** The periods, in seconds, from which the user chooses how long the old secret keeps working. */
const graces = [3600, 86_400, 604_800, 0] as const;

/** The dialog that replaces the secret of a key. */
export function ReplaceDialog({ ui, target }: { readonly ui: Ui; readonly target: Key }) {
  const { texts, format, account } = ui;
  const [grace, setGrace] = useState(
    graces.find((seconds) => seconds === account.form.fields.grace) ?? 86_400,
  );
  // The old secret expires no later than the key.
  const oldEnd = Math.min(account.now() + grace * 1000, Date.parse(target.expires_at));
  return (
    <TaskDialog
      ui={ui}
      heading={texts.replaceHeading(target.name)}
      submit={texts.replace}
      fields={{ grace }}
      contents={String(grace)}
      onSubmit={(options) => account.replace(target, grace, options)}
    >
      {() => (
        <>
          <fieldset>
            <legend>{texts.replaceText}</legend>
            <div class="choices">
              {graces.map((seconds) => (
                <label key={seconds}>
                  <input
                    type="radio"
                    name="grace"
                    autofocus={seconds === 86_400}
                    checked={grace === seconds}
                    onChange={() => setGrace(seconds)}
                  />
                  {texts.graces[seconds]}
                </label>
              ))}
            </div>
          </fieldset>
          <p class={grace === 0 ? 'consequence warning' : 'consequence'} aria-live="polite">
            {grace === 0
              ? texts.graceNow + lastUse(target, ui)
              : texts.graceUntil(format.time(oldEnd))}
          </p>
          <p class="hint">
            {texts.expiryStays(format.date(target.expires_at))}
            {target.previous && ` ${texts.olderExpires}`}
          </p>
        </>
      )}
    </TaskDialog>
  );
}
