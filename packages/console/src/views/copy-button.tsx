import { useState } from 'preact/hooks';

/** A button that copies a text, and says so only if the clipboard has accepted it. */
export function CopyButton({
  text,
  label,
  copiedLabel,
  isFirst = false,
  onResult,
}: {
  readonly text: () => string;
  readonly label: string;
  readonly copiedLabel: string;
  readonly isFirst?: boolean;
  readonly onResult: (isCopied: boolean) => void;
}) {
  const [isCopied, setCopied] = useState(false);
  const copy = async () => {
    let result = true;
    try {
      // There is no clipboard without HTTPS, and pages or users may forbid it.
      await navigator.clipboard.writeText(text());
    } catch {
      result = false;
    }
    setCopied(result);
    onResult(result);
  };
  return (
    <button
      type="button"
      class={isFirst ? 'primary' : ''}
      part="copy-button"
      autofocus={isFirst}
      onClick={() => void copy()}
    >
      {isCopied ? copiedLabel : label}
    </button>
  );
}
