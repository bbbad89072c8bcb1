/** The product's mark: lines of a log. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg viewBox="0 0 16 16" width={size} height={size} aria-hidden="true" className="shrink-0">
      <rect width="16" height="16" rx="3.5" className="fill-accent" />
      <g className="fill-on-accent">
        <rect x="3.5" y="4" width="9" height="1.8" rx=".9" />
        <rect x="3.5" y="7.1" width="6" height="1.8" rx=".9" />
        <rect x="3.5" y="10.2" width="7.5" height="1.8" rx=".9" />
      </g>
    </svg>
  );
}
