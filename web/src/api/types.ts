import type { components } from "./schema";

type Schemas = components["schemas"];

export type Entry = Schemas["Entry"];
export type HealthComponent = Schemas["HealthComponent"];
export type HealthGraph = Schemas["HealthGraph"];
export type HealthSeriesResponse = Schemas["HealthSeriesResponse"];
export type HealthSignal = Schemas["HealthSignal"];
export type HealthResponse = Schemas["HealthResponse"];
export type Deploy = Schemas["Deploy"];
export type Evidence = Schemas["Evidence"];
export type EvidenceLine = Schemas["EvidenceLine"];
export type IndexStatus = Schemas["IndexStatus"];
export type IssueAction = Schemas["IssueAction"];
export type IssueChange = Schemas["IssueChange"];
export type IssueChanges = Schemas["IssueChanges"];
export type IssueDetail = Schemas["IssueDetail"];
export type IssueEvent = Schemas["IssueEvent"];
export type IssueEventsResponse = Schemas["IssueEventsResponse"];
export type IssueHash = Schemas["IssueHash"];
export type IssueHistoryResponse = Schemas["IssueHistoryResponse"];
export type IssueRow = Schemas["IssueRow"];
export type IssueState = Schemas["IssueState"];
export type IssueTag = Schemas["IssueTag"];
export type IssuesResponse = Schemas["IssuesResponse"];
export type IssuesSummary = Schemas["IssuesSummary"];
export type IssueUsersResponse = Schemas["IssueUsersResponse"];
export type LabelValue = Schemas["LabelValue"];
export type LabelsResponse = Schemas["LabelsResponse"];
export type Level = Schemas["Level"];
export type LoginRequest = Schemas["LoginRequest"];
export type LoginResponse = Schemas["LoginResponse"];
export type LogsResponse = Schemas["LogsResponse"];
export type OccurrencesResponse = Schemas["OccurrencesResponse"];
export type Session = Schemas["Session"];
export type Snooze = Schemas["Snooze"];
export type Source = Schemas["Source"];
export type TailDropped = Schemas["TailDropped"];
export type TailEntries = Schemas["TailEntries"];
export type TailStatus = Schemas["TailStatus"];
export type UsersResponse = Schemas["UsersResponse"];
export type Unreadable = Schemas["Unreadable"];
export type Verdict = Schemas["Verdict"];
export type VolumeResponse = Schemas["VolumeResponse"];
export type VolumeSeries = Schemas["VolumeSeries"];

/** Codes of an API error; "network" and "unreadable" are the page's own. */
export type ErrorCode = Schemas["Error"]["code"] | "network" | "unreadable";
