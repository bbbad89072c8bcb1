// What a dashboard has to be, in the types that Grafana publishes of its classic model and of the options of each kind of
// panel. They allow anything in many places; here nothing is allowed that they do not name.
import type { Dashboard, DashboardLink, DataSourceRef, FieldConfig, GraphFieldConfig, Panel, RowPanel, VariableModel } from '@grafana/schema';
import type { Options as LogsOptions } from '@grafana/schema/dist/esm/raw/composable/logs/panelcfg/x/LogsPanelCfg_types.gen';
import type { Options as StatOptions } from '@grafana/schema/dist/esm/raw/composable/stat/panelcfg/x/StatPanelCfg_types.gen';
import type { Options as TableOptions } from '@grafana/schema/dist/esm/raw/composable/table/panelcfg/x/TablePanelCfg_types.gen';
import type { Options as GraphOptions } from '@grafana/schema/dist/esm/raw/composable/timeseries/panelcfg/x/TimeSeriesPanelCfg_types.gen';

// JSON has the values of enums, which TypeScript keeps apart from the enums.
type Values<T> = T extends string ? `${T}` : T extends object ? { [K in keyof T]: Values<T[K]> } : T;

// The schema of queries is in Grafana's data sources, which are not published.
interface Query {
  refId: string;
  datasource: Required<Pick<DataSourceRef, 'type' | 'uid'>>;
  expr: string;
  editorMode: 'code';
  legendFormat: string;
}
interface PrometheusQuery extends Query {
  instant: boolean;
  range: boolean;
  format: 'time_series' | 'table';
}
interface LokiQuery extends Query {
  queryType: 'instant' | 'range';
  maxLines?: number;
}

interface Shown<Type extends string, Options, Custom> extends Omit<Panel, 'type' | 'options' | 'fieldConfig' | 'targets'> {
  id: number;
  type: Type;
  title: string;
  description: string;
  options: Options;
  fieldConfig: { defaults: Omit<FieldConfig, 'custom'> & { custom?: Custom }; overrides: [] };
  targets: (PrometheusQuery | LokiQuery)[];
}

type AnyPanel =
  | Shown<'stat', StatOptions, never>
  | Shown<'timeseries', GraphOptions, GraphFieldConfig>
  | Shown<'table', TableOptions, never>
  | Shown<'logs', LogsOptions, never>
  | (Omit<RowPanel, 'type'> & { type: 'row' });

// A definition is kept beside the query by Grafana's own editor; the published types lack it.
type Variable = VariableModel & { definition?: string };

export type Board = Values<
  Omit<Dashboard, 'panels' | 'templating' | 'links'> & {
    uid: string;
    panels: AnyPanel[];
    templating: { list: Variable[] };
    links: DashboardLink[];
  }
>;
