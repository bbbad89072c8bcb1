import { describe, expect, it } from "vitest";
import type { Entry } from "../api/types";
import { TailBuffer } from "./tail";

function entry(id: number): Entry {
  return { id: String(id), ts: `${id}000000`, line: `line ${id}`, labels: {}, metadata: {} };
}

function batch(from: number, to: number) {
  const entries = Array.from({ length: to - from + 1 }, (_, index) => entry(from + index));
  return { kind: "entries", entries } as const;
}

const ids = (buffer: TailBuffer) => buffer.current.entries.map(({ id }) => Number(id));

describe("TailBuffer", () => {
  it("appends, and shows a line that comes twice once", () => {
    const buffer = new TailBuffer(10);
    buffer.apply([batch(1, 3)]);
    buffer.apply([batch(2, 4)]);
    expect(ids(buffer)).toEqual([1, 2, 3, 4]);
  });

  it("keeps the newest lines up to its capacity", () => {
    const buffer = new TailBuffer(3);
    buffer.apply([batch(1, 5)]);
    expect(ids(buffer)).toEqual([3, 4, 5]);
    buffer.apply([batch(1, 1)]);
    expect(ids(buffer)).toEqual([4, 5, 1]);
  });

  it("holds new lines back while paused and shows them after", () => {
    const buffer = new TailBuffer(10);
    buffer.apply([batch(1, 2), { kind: "pause" }, batch(3, 5)]);
    expect(buffer.current).toMatchObject({ paused: true, pending: 3 });
    expect(ids(buffer)).toEqual([1, 2]);
    buffer.apply([{ kind: "resume" }]);
    expect(buffer.current).toMatchObject({ paused: false, pending: 0 });
    expect(ids(buffer)).toEqual([1, 2, 3, 4, 5]);
  });

  it("gives the newest lines while they arrive, and all while paused", () => {
    const buffer = new TailBuffer(5, 2);
    buffer.apply([batch(1, 7)]);
    expect(ids(buffer)).toEqual([6, 7]);
    expect(buffer.current.before).toBe(3);
    buffer.apply([{ kind: "pause" }, batch(8, 9)]);
    expect(ids(buffer)).toEqual([3, 4, 5, 6, 7]);
    expect(buffer.current.before).toBe(0);
    buffer.apply([{ kind: "resume" }]);
    expect(ids(buffer)).toEqual([8, 9]);
    expect(buffer.current.before).toBe(3);
  });

  it("keeps what is read where it is during a pause, to the same object", () => {
    const buffer = new TailBuffer(5, 2);
    buffer.apply([batch(1, 7), { kind: "pause" }]);
    const { entries } = buffer.current;
    buffer.apply([batch(8, 20), { kind: "pause" }]);
    expect(buffer.current.entries).toBe(entries);
  });

  it("counts what a long pause makes it leave out", () => {
    const buffer = new TailBuffer(3);
    buffer.apply([batch(1, 2), { kind: "pause" }, batch(3, 9)]);
    expect(buffer.current).toMatchObject({ pending: 3, droppedHere: 4 });
    buffer.apply([{ kind: "resume" }]);
    expect(ids(buffer)).toEqual([7, 8, 9]);
  });

  it("adds up what the server left out", () => {
    const buffer = new TailBuffer(3);
    buffer.apply([{ kind: "dropped", count: 5 }]);
    buffer.apply([{ kind: "dropped", count: 2 }]);
    expect(buffer.current.droppedByServer).toBe(7);
  });

  it("tells the state of the connection without losing lines", () => {
    const buffer = new TailBuffer(3);
    buffer.apply([batch(1, 1), { kind: "status", state: "reconnecting", message: "cut" }]);
    expect(buffer.current).toMatchObject({ state: "reconnecting", message: "cut" });
    expect(ids(buffer)).toEqual([1]);
  });

  it("gives the same object until something changes", () => {
    const buffer = new TailBuffer(3);
    const before = buffer.current;
    expect(buffer.current).toBe(before);
    buffer.apply([batch(1, 1)]);
    expect(buffer.current).not.toBe(before);
  });
});
