import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../account/problem.ts';
import type { Ui } from './ui.ts';

/**
 * Returns the number of seconds until a time, rounded up. Renders the component again when the
 * number changes. The time is in Unix milliseconds.
 */
export function useSecondsUntil(time: number | undefined): number {
  const left = time === undefined ? 0 : Math.max(0, Math.ceil((time - Date.now()) / 1000));
  const [, setTick] = useState(0);
  useEffect(() => {
    if (left === 0) return undefined;
    const timer = setTimeout(() => setTick((tick) => tick + 1), 250);
    return () => clearTimeout(timer);
  });
  return left;
}

/**
 * The text of a problem, with a countdown if the user must wait. Screen readers announce the text
 * once, without the countdown.
 */
export function ProblemText({
  problem,
  ui: { texts, format },
}: {
  readonly problem: Problem;
  readonly ui: Ui;
}) {
  const left = useSecondsUntil(problem.retryAt);
  return (
    <div class="problem">
      <p role="alert" id="problem">
        {problem.text}
      </p>
      {left > 0 && <p class="countdown">{texts.wait(format.number(left))}</p>}
      {problem.requestId !== undefined && <small>{texts.requestId(problem.requestId)}</small>}
    </div>
  );
}
