/** One stretch of a call that was recorded, in a file of its own. */
export interface RecordingPart {
  /** LiveKit's id of it. */
  readonly egress_id: string;
  readonly status:
    'starting' | 'active' | 'ending' | 'complete' | 'failed' | 'aborted' | 'limit_reached' | 'unknown';
  /** `<organization>/<thread>/<part>.<format>`, below the folder or prefix of the definition. */
  readonly file: string;
  /** Where egress says that it is; null until it does. */
  readonly location: string | null;
  readonly started_at: string | null;
  readonly ended_at: string | null;
  readonly seconds: number | null;
  readonly bytes: number | null;
}

/** Why a recording is not, or not wholly, there. */
export type RecordingCode =
  'E_RECORDING_NOT_AVAILABLE' | 'E_RECORDING_FAILED' | 'E_RECORDING_NOT_STOPPED' | 'E_CONFIG';

/** The recording of a call, as it stands. */
export interface RecordingRecord {
  /**
   * `empty`: the call ended before anything was recorded. `no_consent`: the caller did not agree, or did not hear the sentence to its end. `given_up`: it could not be stopped when it had to be, and
   * nothing more is recorded.
   */
  readonly status:
    | 'starting'
    | 'active'
    | 'paused'
    | 'ending'
    | 'complete'
    | 'empty'
    | 'failed'
    | 'not_available'
    | 'no_consent'
    | 'given_up';
  /** What the caller was told of it: nothing, a sentence heard to its end or not, or a question and its answer. */
  readonly consent: 'none' | 'heard' | 'not_heard' | 'agreed' | 'declined';
  readonly code: RecordingCode | null;
  readonly parts: readonly RecordingPart[];
}
