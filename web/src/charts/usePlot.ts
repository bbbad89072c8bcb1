import { type RefObject, useEffect, useEffectEvent, useRef } from "react";
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { useTheme } from "../state/theme";
import { useZone } from "../state/zone";

export interface Handlers<Data> {
  /** What the chart shows now; it is read at each drawing, so that new data needs no new chart. */
  live: () => Data;
  onCursor: (chart: uPlot) => void;
  onZoom: (startMs: number, endMs: number) => void;
}

interface Plot<Data> {
  data: Data;
  /** Tells charts apart that need other options. */
  kind: string;
  height: number;
  columns: (data: Data) => uPlot.AlignedData;
  options: (width: number, handlers: Handlers<Data>) => uPlot.Options;
  onCursor: (chart: uPlot, data: Data) => void;
  onZoom: (startMs: number, endMs: number) => void;
}

/** Draws into the element that the reference is given to, and follows its width. */
export function usePlot<Data>(plot: Plot<Data>): RefObject<HTMLDivElement | null> {
  const { data, kind, height, columns } = plot;
  const box = useRef<HTMLDivElement>(null);
  const chart = useRef<uPlot | null>(null);
  const live = useRef(data);
  const [theme] = useTheme();
  const [zone] = useZone();
  const onCursor = useEffectEvent(plot.onCursor);
  const onZoom = useEffectEvent(plot.onZoom);
  const build = useEffectEvent((element: HTMLDivElement) => {
    const options = plot.options(element.clientWidth, {
      live: () => live.current,
      onCursor: (drawn) => onCursor(drawn, live.current),
      onZoom: (startMs, endMs) => onZoom(startMs, endMs),
    });
    return new uPlot(options, columns(live.current), element);
  });

  useEffect(() => {
    live.current = data;
    const drawn = columns(data);
    // A chart with other series is about to be replaced below.
    if (chart.current?.series.length === drawn.length) chart.current.setData(drawn);
  }, [data, columns]);

  // biome-ignore lint/correctness/useExhaustiveDependencies: a theme's colours and the zone are read while building
  useEffect(() => {
    const element = box.current;
    if (!element) return;
    const built = build(element);
    chart.current = built;
    const observer = new ResizeObserver(() => built.setSize({ width: element.clientWidth, height }));
    observer.observe(element);
    return () => {
      observer.disconnect();
      built.destroy();
      chart.current = null;
    };
  }, [kind, height, theme, zone]);

  return box;
}
