import { useEffect, useState } from 'preact/hooks';
import type { Problem } from '../account/problem.ts';
import type { Ui } from './ui.ts';

/**
 * Returns the whole seconds until a time in Unix milliseconds, and renders again as the number
 * changes.
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

/** A problem, with the time to wait. Screen readers announce it once, without the countdown. */
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
