"""Facts and cells kept for speed: a cache that can be built again from rows at any time (docs/decisions/0051).

`definitions` are the measures' own statements, `replacing` writes facts and cells by them, `refreshing` and `building` say
of which cases and when, `checking` compares. The other modules read, with the signatures of the measures; `freshness` says of what time that is.
May import: measures and what lies below them.
A new cell is a column of `models` and is filled, rebuilt and compared here.

To add a kind of fact:

1. The measure gets a function `…_facts(cases: CaseScope)` beside its other statements: `with_cases("WITH scope AS ({}), …", cases)` that
   ends with a table `fact` of case_id, n (unique in the case), at (what decides the period), state (a short key to count by) and
   span (NULL while it depends on the present). It must depend on the case, its messages, custodies and events alone;
   another table needs triggers that append to `reports_changedcase`, as in the migration 0002_changed_cases.
2. `FactKind` gets a new number, `definitions._DEFINITIONS` a line; more columns than these five are named there, and whether it is `of_closed` cases. No
   migration. If it is counted over long periods, add the kind to `cells.KINDS_WITH_CELLS`: it then has weekly numbers by state.
3. A module of `readers` reads it: `count_facts(FactKind.X, user, choose(user, filters), cover_steps(period, freshen_for(user, now)))`
   counts by step and state (or `by=` department and brand account), `list_values` gives percentiles. See `attainment`.
4. The board calls that module; lists behind numbers stay with the measure. In `tests/reports/rollups/test_reading.py` add both to
   `numbers_from_rows` and `numbers_from_rollups`, in `edits.py` what may change it. Refreshing, building and checking follow.
"""
