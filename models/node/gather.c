/* A group's request whose members are at other SCLs too, or at an aPoC (etsi-m2m.md 8.1:
 * membersContent): what the members here have said is kept until those elsewhere have answered, or
 * the time for that is over. One answer has the status of each, in the order of the members: who
 * cannot be reached is named as such (502, 503), and who does not answer in time (504). */
#include "models/node/retarget.h"

#include "models/node/application.h"
#include "models/proto/m2mxml_rep.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>

/* Of a member elsewhere. */
struct place {
    struct handed *handed; /* both NULL: it is not waited for, or not any more */
    struct apoc_errand *errand;
    struct m2m_rep rep; /* what it has answered with */
    enum m2m_status status;
    bool elsewhere;
};

struct gather {
    struct server_end *e;
    struct m2m_rep answer; /* of the group's own SCL */
    struct place *places;  /* of all members */
    uint32_t count, pending;
};

static struct gather *gather_new(struct server_end *e, struct span answer)
{
    struct gather *g = e->gather = xcalloc(1, sizeof *g);
    struct span rest = answer;
    struct m2m_item item;

    g->e = e;
    m2m_rep_init(&g->answer, M2M_MEMBERS_RESPONSES);
    m2m_put_items(&g->answer, answer);
    while (m2m_next(&rest, &item))
        g->count++;
    g->places = xcalloc(g->count ? g->count : 1, sizeof *g->places);
    return g;
}

static void gather_free(struct gather *g)
{
    g->e->gather = NULL;
    for (uint32_t i = 0; i < g->count; i++)
        m2m_rep_clear(&g->places[i].rep);
    m2m_rep_clear(&g->answer);
    free(g->places);
    free(g);
}

void gather_drop(struct gather *g)
{
    for (uint32_t i = 0; i < g->count; i++) {
        if (g->places[i].handed)
            retarget_forget(g->places[i].handed);
        if (g->places[i].errand)
            apoc_forget(g->places[i].errand);
    }
    gather_free(g);
}

/* ---- the answer ---- */

static void compose(const struct gather *g, struct m2m_rep *out)
{
    struct span rest = m2m_rep_span(&g->answer);
    char uri[M2M_MAX_LINK + M2M_MAX_PATH];
    struct m2m_item item;

    m2m_rep_init(out, M2M_MEMBERS_RESPONSES);
    for (uint32_t i = 0; m2m_next(&rest, &item); i++) {
        if (!g->places[i].elsewhere) {
            m2m_put(out, item.element, item.value);
            continue;
        }
        m2m_find_text(item.value, E_ID, uri, sizeof uri);
        scl_tree_put_member(out, uri, g->places[i].status, &g->places[i].rep);
    }
}

static bool fits(const struct m2m_rep *rep)
{
    struct buf document;
    bool written;

    buf_init(&document, M2M_MAX_DOC);
    written = !rep->full && m2mxml_rep_write(rep, &document);
    buf_clear(&document);
    return written;
}

static void finish(struct gather *g, sim_ns now)
{
    struct server_end *e = g->e;
    struct server_answer a = {.status = STATUS_OK};
    struct m2m_doc doc = {.kind = DOC_NONE};
    struct m2m_rep rep;

    compose(g, &rep);
    gather_free(g);
    procedure_set_waiting(server_end_procedure(e), false, now);
    if (fits(&rep)) {
        observed_take(&rep, &doc);
    } else {
        m2m_rep_clear(&rep);
        a.status = STATUS_NOT_ACCEPTABLE;
        a.additional = "more than fits one message";
    }
    server_answer(e, &a, doc.kind == DOC_NONE ? NULL : &doc);
}

void gather_take(struct gather *g, uint32_t at, enum m2m_status status, struct m2m_rep *rep,
                 sim_ns now)
{
    struct place *p = &g->places[at];

    p->handed = NULL;
    p->errand = NULL;
    p->status = status;
    if (rep && status < STATUS_BAD_REQUEST) {
        p->rep = *rep;
        m2m_rep_init(rep, M2M_NO_TYPE);
    }
    if (--g->pending == 0)
        finish(g, now);
}

/* ---- the question ---- */

static void ask(struct gather *g, const struct scl_tree_output *o, sim_ns now)
{
    struct place *p = &g->places[o->place];

    p->elsewhere = true;
    if (o->onward == M2M_TO_APPLICATION)
        p->status = apoc_member(g, g->e, o->place, o, &p->errand, now);
    else
        p->status = retarget_member(g, g->e, o->place, o, &p->handed, now);
    if (p->status == STATUS_ACCEPTED)
        g->pending++;
}

bool gather_begin(struct server_end *e, struct registrar_answer *a, sim_ns now)
{
    struct scl_tree *tree = registrar_tree(e->server->registrar);
    bool answered = a->doc.kind == DOC_RESOURCE && a->answer.status == STATUS_OK;
    struct scl_tree_output *o = scl_tree_member(tree);
    struct gather *g = NULL;

    if (o && answered)
        g = gather_new(e, span_of(a->doc.owned, a->doc.u.resource.n));
    /* What is refused as a whole is asked of nobody. */
    for (; o; o = scl_tree_member(tree)) {
        if (g)
            ask(g, o, now);
        scl_tree_output_free(o);
    }
    if (!g)
        return false;
    m2m_doc_release(&a->doc);
    procedure_set_waiting(server_end_procedure(e), true, now);
    if (g->pending == 0)
        finish(g, now);
    return true;
}
