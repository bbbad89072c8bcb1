import type { components } from "./schema";

type Schemas = components["schemas"];

export type Entry = Schemas["Entry"];
export type HealthItem = Schemas["HealthItem"];
export type HealthResponse = Schemas["HealthResponse"];
export type LabelValue = Schemas["LabelValue"];
export type LabelsResponse = Schemas["LabelsResponse"];
export type Level = Schemas["Level"];
export type LoginRequest = Schemas["LoginRequest"];
export type LoginResponse = Schemas["LoginResponse"];
export type LogsResponse = Schemas["LogsResponse"];
export type Session = Schemas["Session"];
export type Source = Schemas["Source"];
export type TailDropped = Schemas["TailDropped"];
export type TailEntries = Schemas["TailEntries"];
export type TailStatus = Schemas["TailStatus"];
export type Unreadable = Schemas["Unreadable"];
export type Verdict = Schemas["Verdict"];
export type VolumeResponse = Schemas["VolumeResponse"];
export type VolumeSeries = Schemas["VolumeSeries"];

/** Codes of an API error; "network" and "unreadable" are the page's own. */
export type ErrorCode = Schemas["Error"]["code"] | "network" | "unreadable";
