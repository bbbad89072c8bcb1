/** What the figures mean, and how exact they are. */
export function Exactness() {
  return (
    <details className="rounded-md border border-line bg-panel px-4 py-2">
      <summary className="cursor-pointer rounded-sm font-semibold pointer-coarse:py-2">
        How exact is this?
      </summary>
      <div className="mt-2 grid max-w-prose gap-2 text-muted">
        <p>
          The figures are from Loki's index; lines are read only to verify an hour that has changed when it is
          over. <b>Bytes</b> are what Loki holds of lines and their metadata before compression: the disk has
          a fraction of it. Each chunk is rounded to a KiB, which shows only where a service logs a few lines
          an hour.
        </p>
        <p>
          <b>Lines</b> are exact to one in each chunk that reaches over midnight (UTC). Of the last hour or
          two, which Loki still has in memory, they are told from the bytes by the size of the lines before,
          about one percent off.
        </p>
        <p>
          Days are of this page's time zone. They are counted every five minutes and remembered after Loki has
          deleted them, of the 300 combinations of environment, service and level with most bytes.{" "}
          <b>No data</b> is a day of which not a line is known; that is not zero.
        </p>
      </div>
    </details>
  );
}
