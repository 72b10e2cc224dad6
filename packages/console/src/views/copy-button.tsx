import { useState } from 'preact/hooks';

/**
 * A button that copies a text. The button reports success only if the clipboard has accepted the
 * text.
 */
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
      // Fails without HTTPS, or if the page or the user forbids access to the clipboard.
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
