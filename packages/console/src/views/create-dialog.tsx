import { useState } from 'preact/hooks';
import { initialDays } from './choices-of-days.ts';
import { checkDays, DaysField, daysIn } from './days-field.tsx';
import { TaskDialog } from './task-dialog.tsx';
import type { Ui } from './ui.ts';

const day = 86_400_000;

/** The dialog that creates a key. */
export function CreateDialog({ ui }: { readonly ui: Ui }) {
  const { texts, format, account, maximumDays } = ui;
  const [name, setName] = useState(account.form.fields.name ?? '');
  const [days, setDays] = useState(
    account.form.fields.days ?? { value: initialDays(maximumDays), isOther: false },
  );
  const validDays = daysIn(days.value, maximumDays);
  // The service counts code points (contract, part C).
  const length = [...name].length;
  return (
    <TaskDialog
      ui={ui}
      heading={texts.createHeading}
      submit={texts.create}
      fields={{ name, days }}
      contents={JSON.stringify([name, validDays])}
      check={() =>
        length < 3 || length > 100
          ? { text: texts.nameLength, field: 'name' }
          : checkDays(days.value, ui)
      }
      onSubmit={(options) => account.create(name, validDays as number, options)}
    >
      {(problem) => (
        <>
          <label class="field">
            {texts.name}
            <input
              name="name"
              autofocus
              autocomplete="off"
              value={name}
              aria-invalid={problem?.field === 'name'}
              aria-describedby={problem?.field === 'name' ? 'problem' : 'name-hint'}
              onInput={({ currentTarget }) => setName(currentTarget.value)}
            />
          </label>
          <p class="hint" id="name-hint">
            {texts.nameHint}
          </p>
          <DaysField
            ui={ui}
            {...days}
            problem={problem}
            onChange={(value, isOther) => setDays({ value, isOther })}
          />
          <p class="consequence" aria-live="polite">
            {validDays !== undefined &&
              texts.expiresOn(format.time(account.now() + validDays * day))}
          </p>
        </>
      )}
    </TaskDialog>
  );
}
