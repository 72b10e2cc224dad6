import type { Problem } from '../account/problem.ts';
import { choicesOfDays } from './choices-of-days.ts';
import type { Ui } from './ui.ts';

/**
 * Returns the number of days that the user entered, or undefined if the text is not a whole number
 * in the allowed range.
 */
export function daysIn(text: string, maximum: number): number | undefined {
  const days = Number(text);
  return /^\d+$/.test(text) && days >= 1 && days <= maximum ? days : undefined;
}

/** Returns the problem with the text that the user entered, if there is one. */
export const checkDays = (text: string, { texts, format, maximumDays }: Ui): Problem | undefined =>
  daysIn(text, maximumDays) === undefined
    ? { text: texts.daysRange(format.number(maximumDays)), field: 'days' }
    : undefined;

/** The form field for a number of days: presets, and a text field for any other number. */
export function DaysField({
  ui: { texts, format, maximumDays },
  value,
  isOther,
  onChange,
  problem,
}: {
  readonly ui: Ui;
  readonly value: string;
  readonly isOther: boolean;
  readonly onChange: (value: string, isOther: boolean) => void;
  readonly problem: Problem | undefined;
}) {
  const isWrong = problem?.field === 'days';
  return (
    <>
      <fieldset>
        <legend>{texts.validFor}</legend>
        <div class="choices">
          {choicesOfDays(maximumDays).map((days) => (
            <label key={days}>
              <input
                type="radio"
                name="preset"
                checked={!isOther && value === String(days)}
                onChange={() => onChange(String(days), false)}
              />
              {texts.days(format.number(days), days === 1)}
            </label>
          ))}
          <label>
            <input
              type="radio"
              name="preset"
              checked={isOther}
              onChange={() => onChange(value, true)}
            />
            {texts.otherDays}
          </label>
        </div>
      </fieldset>
      {(isOther || isWrong) && (
        <label class="field">
          {texts.numberOfDays}
          <input
            name="days"
            inputMode="numeric"
            autocomplete="off"
            value={value}
            aria-invalid={isWrong}
            aria-describedby={isWrong ? 'problem' : undefined}
            onInput={({ currentTarget }) => onChange(currentTarget.value.trim(), true)}
          />
        </label>
      )}
    </>
  );
}
