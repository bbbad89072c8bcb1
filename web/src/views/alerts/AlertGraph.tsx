import { useEffect, useRef, useState } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { AlertSeriesResponse } from "../../api/types";
import { Swatch } from "../../charts/Swatch";
import { plural } from "../../lib/format";
import { formatExact } from "../../lib/time";
import { useTheme } from "../../state/theme";
import { graphColumns, graphOptions, graphToken, seriesName, valueText } from "./graph";

interface AlertGraphProps {
  graph: AlertSeriesResponse;
  start: string;
  end: string | null;
  height: number;
}

/** Lines over time with the threshold and the time of the episode; below it the values at the cursor. */
export default function AlertGraph({ graph, start, end, height }: AlertGraphProps) {
  const box = useRef<HTMLDivElement>(null);
  const [theme] = useTheme();
  const [cursor, setCursor] = useState<number | null>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a theme's colours are read while building
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const band = { startMs: Date.parse(start), endMs: Date.parse(end ?? graph.end) };
    const options = graphOptions(graph, band, element.clientWidth, height, setCursor);
    const plot = new uPlot(options, graphColumns(graph), element);
    const observer = new ResizeObserver(() => plot.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.destroy();
    };
  }, [graph, start, end, height, theme]);

  const count = graph.series[0]?.values.length ?? 0;
  const index = cursor ?? count - 1;
  return (
    <figure aria-label={`${graph.drawn} over time`} className="px-2 pb-2">
      <div ref={box} aria-hidden />
      <figcaption className="px-2 text-meta text-muted">
        {formatExact(Date.parse(graph.start) + Math.max(0, index) * graph.step_ms)}
        <ul className="flex flex-wrap gap-x-4">
          {graph.series.map((series, at) => (
            <li key={seriesName(series.labels)} className="flex min-w-0 items-center gap-1.5">
              <Swatch token={graphToken(at)} />
              <span className="min-w-0 truncate">{seriesName(series.labels)}</span>
              <span className="shrink-0 text-text">{valueText(series.values[index] ?? null)}</span>
            </li>
          ))}
          {graph.others > 0 && <li>{plural(graph.others, "more series", "more series")} not drawn</li>}
        </ul>
      </figcaption>
    </figure>
  );
}
