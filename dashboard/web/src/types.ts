// What docs/wire.md says, as far as the page reads it. Members of later versions are ignored.

export type Priority = "low" | "medium" | "high";
export type Json = Record<string, unknown>;

export interface Sound { instance: number; telling: number; priority: string; category: string }

export interface Instance {
  condition: string; instance: number; state: string; priority: string; ack: boolean;
  held: boolean; value_milli?: number | null; limit_milli?: number | null; vital?: string;
  sink?: string; age_ms?: number | null; since_mono_ms: number; route: string;
  inhibited?: string; source?: string; category?: string; why?: string;
}

export interface Inhibition { scope: string; state: string; left_ms: number | null; operator: string; reason: string }

export interface AlarmsFrame {
  v: number; n: number; bed: string; run: number; open: number; mono_ms: number; utc_ms: number;
  sounds: Record<string, Sound | null>; instances: Instance[]; inhibited: Inhibition[];
  quiet: { operator: string; left_ms: number | null } | null;
  test_signal: { priority: string; category: string; remaining_ms: number } | null;
  session?: number; test?: boolean;
}

export interface VitalBody {
  vital: string; dev: string; value: number | null; value_milli: number | null; unit: string;
  quality: string; age_ms: number | null; mono_ms: number; utc_ms: number; seq: number;
  test?: boolean; snapshot?: boolean; speaks?: boolean; sensor_off?: boolean;
}

export interface Device { dev: string; driver: string; state: string; online: boolean; determination?: string; test?: boolean; signals?: string[] }

export interface SessionInfo { id: number; patient_ref: string; operator: string; opened_at: string; kind: string; last_dose_at?: string | null }

export interface SnapshotBed {
  bed: string; name: string; session: SessionInfo | null; dosing: boolean; devices: Device[];
  vitals: VitalBody[]; alarms: Instance[]; open: number;
}

export interface GateItem { item: string; holds: boolean; hard: boolean; overridden: boolean; cure?: string }
export interface Mark {
  index: number; due: string; scales?: string[]; missing?: string[]; state: string; due_at: string;
  due_in_s: number; window_s: number; off_s?: number; optional: boolean; deferred?: boolean;
}
export interface Dose {
  row: number; first_row: number; kind: string; drug: string; route: string; amount_ug?: number;
  rate_ug_h?: number; given_at: string; given_in_s: number; void: boolean;
}
export interface Total { drug: string; given_ug: number; infused_ug: number; rate_ug_h: number; drawn_ug: number; wasted_ug: number; remaining_ug: number }
export interface PlanBed {
  bed: string; session: number | null; patient_ref?: string; kind?: string; course?: string;
  responsible?: string; weight_g?: number | null; protocol?: string | null;
  protocol_lost?: boolean; protocol_title?: string; phase?: string; t0_at?: string | null;
  t0_in_s?: number | null; last_dose_at?: string | null; last_dose_in_s?: number | null;
  gate?: { open: boolean; items: GateItem[] }; facts?: Record<string, boolean | null>;
  scores?: Record<string, { score: number; at: string; in_s: number }>; marks?: Mark[];
  doses?: Dose[]; totals?: Total[]; totals_complete?: boolean; marks_complete?: boolean;
  discharge?: { ready: boolean; earliest_at: string | null; earliest_in_s: number | null; checks: { check: string; holds: boolean }[] };
}
export interface Scale { scale: string; title: string; min: number; max: number }
export interface Plan { protocols: { protocol: string; title: string; hash: string }[]; scales: Scale[]; beds: PlanBed[] }

export interface Limit { condition: string; vital: string; side: "below" | "above"; limit_milli: number; priority: string; delay_ms: number; sat_seconds: number; enabled: boolean }
export interface LimitsBed { bed: string; session: boolean; limits: Limit[]; formula: Limit[] | null }
export interface Limits { profiles: string[]; beds: LimitsBed[] }

export interface Person { id: string; name: string; role: string; pin: boolean }
export interface Me {
  ok: boolean; title: string; person: string; name: string; role: string; shared: boolean;
  token: string; nodes: { id: string; sink: boolean; role: string }[]; people: Person[];
}
export interface Reply extends Json { ok: boolean; error?: string; text?: string; receipt?: number; recorded?: boolean; duplicate?: boolean; confirm?: string; deviation?: string[]; gate_missing?: string[] }
