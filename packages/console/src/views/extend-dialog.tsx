import { useState } from 'preact/hooks';
import type { Key } from '../account/visible-keys.ts';
import { initialDays } from './choices-of-days.ts';
import { checkDays, DaysField, daysIn } from './days-field.tsx';
import { TaskDialog } from './task-dialog.tsx';
import type { Ui } from './ui.ts';

const day = 86_400_000;

/** The dialog that extends a key. */
export function ExtendDialog({ ui, target }: { readonly ui: Ui; readonly target: Key }) {
  const { texts, format, account, maximumDays } = ui;
  const [days, setDays] = useState(
    account.form.fields.days ?? { value: initialDays(maximumDays), isOther: false },
  );
  const validDays = daysIn(days.value, maximumDays);
  // The days count from the later of now and the current expiry (contract, part C).
  const start = Math.max(account.now(), Date.parse(target.expires_at));
  return (
    <TaskDialog
      ui={ui}
      heading={texts.extendHeading(target.name)}
      submit={texts.extend}
      fields={{ days }}
      contents={String(validDays)}
      check={() => checkDays(days.value, ui)}
      onSubmit={(options) => account.extend(target, validDays as number, options)}
    >
      {(problem) => (
        <>
          <p>{texts.extendText}</p>
          <DaysField
            ui={ui}
            {...days}
            problem={problem}
            onChange={(value, isOther) => setDays({ value, isOther })}
          />
          <p class="consequence" aria-live="polite">
            {validDays !== undefined && texts.newExpiry(format.time(start + validDays * day))}
          </p>
        </>
      )}
    </TaskDialog>
  );
}
