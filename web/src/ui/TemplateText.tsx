const PLACEHOLDER = /(<(?:[a-z]+|\*)>)/;

/** The template of a message, its placeholders coloured. */
export function TemplateText({ text }: { text: string }) {
  return text.split(PLACEHOLDER).map((part, index) =>
    PLACEHOLDER.test(part) ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: parts have no identity but their place
      <span key={index} className="text-accent">
        {part}
      </span>
    ) : (
      part
    ),
  );
}
