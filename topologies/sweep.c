#include "topologies/sweep.h"

#include <stdlib.h>
#include <string.h>

#include "sim/base/rng.h"
#include "sim/base/xalloc.h"
#include "topologies/reader.h"
#include "topologies/select.h"

#define MAX_CELLS     10000
#define MAX_BAD_CELLS 20 /* whose mistakes are told; more of them say nothing new */

struct sweep {
    const struct scenario *base;
    const char *const *sets;
    size_t set_count;
    uint32_t *choices; /* a row a cell: for each axis the index of its value */
    uint32_t cell_count;
};

static const uint32_t *row_of(const struct sweep *s, uint32_t cell)
{
    return s->choices + (size_t)cell * s->base->axis_count;
}

/* The next combination; false: it was the last. */
static bool advance(const struct scenario *base, uint32_t *row)
{
    uint32_t end = base->axis_count;
    while (end > 0) {
        uint32_t begin = end - 1; /* of a group that goes together */
        while (base->axes[begin].zipped)
            begin--;
        bool wraps = row[begin] + 1 == base->axes[begin].value_count;
        for (uint32_t i = begin; i < end; i++)
            row[i] = wraps ? 0 : row[i] + 1;
        if (!wraps)
            return true;
        end = begin;
    }
    return false;
}

static bool is_chosen(const struct scenario *base, const struct select *where, const uint32_t *row)
{
    const char **values = xcalloc(base->axis_count + 1, sizeof *values);
    for (uint32_t i = 0; i < base->axis_count; i++)
        values[i] = base->axes[i].values[row[i]].text;
    bool chosen = select_holds(where, values, 0, 0);
    free(values);
    return chosen;
}

static void make_cells(struct sweep *s, const struct select *where, struct diag_list *diags)
{
    const struct scenario *base = s->base;
    const struct scn_axis *first = base->axes;
    uint32_t n = base->axis_count, *row = xcalloc(n + 1, sizeof *row), cap = 0;
    do {
        if (!is_chosen(base, where, row))
            continue;
        if (s->cell_count == MAX_CELLS) {
            diag_add(diags, DIAG_ERROR, "S246", first->file, first->line, first->column,
                     "the sweep has more than %d cells", MAX_CELLS);
            break;
        }
        if (s->cell_count == cap) {
            cap = cap ? 2 * cap : 16;
            s->choices = xrealloc(s->choices, (size_t)cap * (n + 1) * sizeof *s->choices);
        }
        memcpy(s->choices + (size_t)s->cell_count * n, row, n * sizeof *row);
        s->cell_count++;
    } while (advance(base, row));
    if (s->cell_count == 0)
        diag_add(diags, DIAG_ERROR, "S247", first->file, first->line, first->column,
                 "'where' leaves no cell of the sweep");
    free(row);
}

static bool was_told(const struct diag_list *diags, const struct diag *d)
{
    for (size_t i = 0; i < diag_size(diags); i++) {
        const struct diag *told = diag_at(diags, i);
        if (told->line == d->line && told->column == d->column && !strcmp(told->code, d->code) &&
            !strcmp(told->file, d->file) && !strcmp(told->text, d->text))
            return true;
    }
    return false;
}

static struct scenario *read_cell(const struct sweep *s, uint32_t cell, struct diag_list *diags)
{
    const struct scenario *base = s->base;
    struct edit *edits = xcalloc(base->axis_count + 1, sizeof *edits);
    for (uint32_t i = 0; i < base->axis_count; i++)
        edits[i] = (struct edit){&base->axes[i], &base->axes[i].values[row_of(s, cell)[i]]};
    struct scenario *made =
        scenario_parse_cell(base, s->sets, s->set_count, edits, base->axis_count, diags);
    free(edits);
    return made;
}

/* All cells, so that nothing runs for hours to fail in the last one. */
static bool check_cells(const struct sweep *s, struct diag_list *diags)
{
    unsigned bad = 0;
    for (uint32_t i = 0; i < s->cell_count && bad < MAX_BAD_CELLS; i++) {
        struct diag_list *own = diag_list_new();
        struct scenario *cell = read_cell(s, i, own);
        bad += cell == NULL;
        for (size_t k = 0; k < diag_size(own); k++) {
            const struct diag *d = diag_at(own, k);
            if (!was_told(diags, d))
                diag_add(diags, d->severity, d->code, d->file, d->line, d->column, "%s", d->text);
        }
        scenario_free(cell);
        diag_list_free(own);
    }
    return bad == 0;
}

struct sweep *sweep_new(const struct scenario *base, const char *const *sets, size_t n,
                        struct diag_list *diags)
{
    struct sweep *s = xcalloc(1, sizeof *s);
    size_t before = diag_count(diags, DIAG_ERROR);
    const char **keys = xcalloc(base->axis_count + 1, sizeof *keys);
    char why[200];
    int at;
    *s = (struct sweep){.base = base, .sets = sets, .set_count = n};
    for (uint32_t i = 0; i < base->axis_count; i++)
        keys[i] = base->axes[i].key;
    /* That it can be read was seen when base was. */
    struct select *where =
        base->where ? select_parse(base->where, keys, base->axis_count, false, why, &at) : NULL;
    make_cells(s, where, diags);
    select_free(where);
    free(keys);
    if (diag_count(diags, DIAG_ERROR) == before && check_cells(s, diags))
        return s;
    sweep_free(s);
    return NULL;
}

void sweep_free(struct sweep *s)
{
    if (!s)
        return;
    free(s->choices);
    free(s);
}

uint32_t sweep_cell_count(const struct sweep *s)
{
    return s->cell_count;
}

const char *sweep_value(const struct sweep *s, uint32_t cell, uint32_t axis)
{
    return s->base->axes[axis].values[row_of(s, cell)[axis]].text;
}

static bool names_alone(const struct scenario *base, const char *end)
{
    size_t n = strlen(end), found = 0;
    for (uint32_t i = 0; i < base->axis_count; i++) {
        const char *key = base->axes[i].key;
        size_t m = strlen(key);
        found += m >= n && strcmp(key + m - n, end) == 0 && (m == n || key[m - n - 1] == '.');
    }
    return found == 1;
}

const char *sweep_short_name(const struct scenario *base, uint32_t axis)
{
    const char *key = base->axes[axis].key;
    for (const char *p = key + strlen(key); p > key; p--)
        if (p[-1] == '.' && names_alone(base, p))
            return p;
    return key;
}

struct scenario *sweep_scenario(const struct sweep *s, uint32_t cell)
{
    struct diag_list *diags = diag_list_new(); /* none: it was checked */
    struct scenario *made = read_cell(s, cell, diags);
    diag_list_free(diags);
    return made;
}

uint64_t sweep_seed(uint64_t seed, uint32_t replication)
{
    struct rng r = rng_stream(seed, "experiment", "replications");
    if (replication == 0)
        return seed;
    r.counter = replication;
    return rng_u64(&r) & INT64_MAX;
}
