/** The meaning of a code and what mends it; `docs/errors.md` is printed from this table. */
export interface ErrorFact {
  /** HTTP status where the error leaves through the API. */
  readonly status: number;
  readonly title: string;
  readonly mend: string;
}
