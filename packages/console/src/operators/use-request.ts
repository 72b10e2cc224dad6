import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import { type Report, RequestError } from './service.ts';
import type { OperatorsUi } from './ui.ts';

/** A request that a view sends, and its last answer. */
export interface Request<Answer> {
  readonly answer: Answer | undefined;
  readonly error: string | undefined;
  readonly isLoading: boolean;
  /** Sends a request. `answer` contains only the answer to the last request sent. */
  readonly send: (request: () => Promise<Answer>) => Promise<Answer | undefined>;
}

/**
 * Creates a request, without sending it. When the request is sent again, the previous answer
 * remains until the new answer arrives.
 */
export function useRequest<Answer>({ end }: OperatorsUi): Request<Answer> {
  const [state, setState] = useState<Omit<Request<Answer>, 'send'>>({
    answer: undefined,
    error: undefined,
    isLoading: false,
  });
  const last = useRef(0);
  const send = useCallback(
    async (request: () => Promise<Answer>) => {
      const current = ++last.current;
      setState(({ answer }) => ({ answer, error: undefined, isLoading: true }));
      try {
        const answer = await request();
        if (last.current === current) setState({ answer, error: undefined, isLoading: false });
        return answer;
      } catch (error) {
        if (!(error instanceof RequestError)) throw error;
        if (error.isSessionOver) end(error.message);
        else if (last.current === current)
          setState(({ answer }) => ({ answer, error: error.message, isLoading: false }));
        return undefined;
      }
    },
    [end],
  );
  return { ...state, send };
}

/** Sends a request when the view appears, and again when one of the values changes. */
export function useReport<Answer>(
  ui: OperatorsUi,
  read: () => Promise<Answer>,
  values: readonly unknown[],
): Request<Answer> & { readonly reload: () => void } {
  const request = useRequest<Answer>(ui);
  const reload = () => void request.send(read);
  useEffect(reload, values);
  return { ...request, reload };
}

/**
 * Returns the result in a report. Returns undefined if there is no report yet, or if the command
 * found nothing.
 */
export const resultOf = <Result>({
  answer,
}: Pick<Request<Report<Result>>, 'answer'>): Result | undefined =>
  answer?.done ? answer.json : undefined;
