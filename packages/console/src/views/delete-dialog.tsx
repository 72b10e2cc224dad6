import { useState } from 'preact/hooks';
import { type Key, wasUsedWithin } from '../account/visible-keys.ts';
import { lastUse } from './last-use.ts';
import { TaskDialog } from './task-dialog.tsx';
import type { Ui } from './ui.ts';

/**
 * The dialog that deletes a key. It requires an extra confirmation if the key was used in the last
 * 24 hours.
 */
export function DeleteDialog({ ui, target }: { readonly ui: Ui; readonly target: Key }) {
  const { texts, account } = ui;
  const [isConfirmed, setConfirmed] = useState(false);
  const isInUse = wasUsedWithin(target, 24, account.now());
  return (
    <TaskDialog
      ui={ui}
      heading={texts.deleteHeading(target.name)}
      submit={texts.delete}
      isDangerous
      contents=""
      check={() => (isInUse && !isConfirmed ? { text: texts.confirmDeleteMissing } : undefined)}
      onSubmit={(options) => account.delete(target, options)}
    >
      {() => (
        <>
          <p>{texts.deleteText}</p>
          <p>{lastUse(target, ui)}</p>
          {isInUse && (
            <label class="check">
              <input
                type="checkbox"
                checked={isConfirmed}
                onChange={({ currentTarget }) => setConfirmed(currentTarget.checked)}
              />
              {texts.confirmDelete}
            </label>
          )}
        </>
      )}
    </TaskDialog>
  );
}
