/* What a word means: tables that scripts/explain-tables makes when CMake configures, of what stands
 * elsewhere in the tree. Each ends with term NULL. */
#ifndef SIM_CLI_EXPLAIN_H
#define SIM_CLI_EXPLAIN_H

struct explain_entry {
    const char *term, *text;
};
extern const struct explain_entry explain_reasons[]; /* why a procedure failed, or a key ended */
extern const struct explain_entry explain_codes[];   /* of diagnostics */
extern const struct explain_entry explain_clauses[]; /* of standards: where they are implemented */

#endif
