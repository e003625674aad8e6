#include "tests/support/collect.h"

#include "sim/base/xalloc.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void digest(struct collect *c, const char *text)
{
    for (; *text; text++)
        c->digest = (c->digest ^ (uint8_t)*text) * UINT64_C(0x100000001b3);
}

static void digest_number(struct collect *c, int64_t v)
{
    char text[32];

    snprintf(text, sizeof text, "%lld,", (long long)v);
    digest(c, text);
}

static void keep(char out[COLLECT_TEXT], const char *text)
{
    snprintf(out, COLLECT_TEXT, "%s", text);
}

static void on_node(void *arg, const struct row_node *row)
{
    struct collect *c = arg;

    c->node_count++;
    digest(c, row->name);
}

static void on_procedure(void *arg, const struct row_procedure *row)
{
    struct collect *c = arg;
    struct collected_procedure *p;

    c->procedures = xrealloc(c->procedures, (c->procedure_count + 1) * sizeof *c->procedures);
    p = &c->procedures[c->procedure_count++];
    p->row = *row;
    keep(p->kind, row->kind);
    keep(p->method, row->method);
    keep(p->outcome, row->outcome);
    keep(p->reason, row->reason);
    digest(c, row->kind);
    digest(c, row->outcome);
    digest(c, row->reason);
    digest_number(c, row->procedure_id);
    digest_number(c, row->node_id);
    digest_number(c, row->t_end);
    digest_number(c, (int64_t)row->octets_up);
    digest_number(c, (int64_t)row->octets_down);
    digest_number(c, row->round_trips);
    for (int i = 0; i < 7; i++)
        digest_number(c, row->parts[i]);
}

static void on_key(void *arg, const struct row_key *row)
{
    struct collect *c = arg;
    struct collected_key *k;

    c->keys = xrealloc(c->keys, (c->key_count + 1) * sizeof *c->keys);
    k = &c->keys[c->key_count++];
    k->row = *row;
    keep(k->type, row->type);
    keep(k->end_reason, row->end_reason);
    digest(c, row->type);
    digest(c, row->end_reason);
    digest_number(c, row->key_id);
    digest_number(c, row->t_born);
    digest_number(c, row->t_end);
    digest_number(c, (int64_t)row->uses);
}

static void on_ival(void *arg, const struct row_ival *row)
{
    struct collect *c = arg;
    struct collected_ival *v;

    c->ivals = xrealloc(c->ivals, (c->ival_count + 1) * sizeof *c->ivals);
    v = &c->ivals[c->ival_count++];
    v->row = *row;
    keep(v->truth, row->truth);
    keep(v->verdict, row->verdict);
    keep(v->policy, row->policy);
    digest(c, row->verdict);
    digest_number(c, row->result);
}

static void on_incident(void *arg, const struct row_incident *row)
{
    struct collect *c = arg;
    struct collected_incident *v;

    c->incidents = xrealloc(c->incidents, (c->incident_count + 1) * sizeof *c->incidents);
    v = &c->incidents[c->incident_count++];
    v->row = *row;
    keep(v->kind, row->kind);
    digest(c, row->kind);
    digest_number(c, row->node_id);
    digest_number(c, row->t);
    digest_number(c, row->t_end);
}

static void on_message(void *arg, const struct row_message *row)
{
    struct collect *c = arg;

    c->messages = xrealloc(c->messages, (c->message_count + 1) * sizeof *c->messages);
    keep(c->messages[c->message_count++], row->name);
    digest(c, row->name);
    digest_number(c, row->t_send);
    digest_number(c, row->t_receive);
}

static void on_crypto(void *arg, const struct row_crypto *row)
{
    struct collect *c = arg;

    digest(c, row->operation);
    digest_number(c, (int64_t)row->calls);
    digest_number(c, row->virtual_ns);
}

static void on_series(void *arg, const struct row_series *row)
{
    digest(arg, row->metric);
    digest_number(arg, (int64_t)(row->value * 1000));
}

static void on_violation(void *arg, const struct row_violation *row)
{
    digest(arg, row->rule);
}

static void on_note(void *arg, const struct row_note *row)
{
    digest(arg, row->code);
}

void collect_init(struct collect *c)
{
    *c = (struct collect){.sink = {.arg = c,
                                   .node = on_node,
                                   .procedure = on_procedure,
                                   .key = on_key,
                                   .ival = on_ival,
                                   .incident = on_incident,
                                   .message = on_message,
                                   .crypto = on_crypto,
                                   .series = on_series,
                                   .violation = on_violation,
                                   .note = on_note},
                          .digest = UINT64_C(0xcbf29ce484222325)};
}

void collect_release(struct collect *c)
{
    free(c->procedures);
    free(c->keys);
    free(c->ivals);
    free(c->incidents);
    free(c->messages);
}

static bool fits(const char *wanted, const char *have)
{
    return !wanted || !strcmp(wanted, have);
}

size_t collect_procedures(const struct collect *c, const char *kind, const char *outcome,
                          const char *reason)
{
    size_t n = 0;

    for (size_t i = 0; i < c->procedure_count; i++)
        n += fits(kind, c->procedures[i].kind) && fits(outcome, c->procedures[i].outcome) &&
             fits(reason, c->procedures[i].reason);
    return n;
}

size_t collect_messages(const struct collect *c, const char *part)
{
    size_t n = 0;

    for (size_t i = 0; i < c->message_count; i++)
        n += strstr(c->messages[i], part) != NULL;
    return n;
}

size_t collect_keys(const struct collect *c, const char *type, const char *end_reason)
{
    size_t n = 0;

    for (size_t i = 0; i < c->key_count; i++)
        n += fits(type, c->keys[i].type) && fits(end_reason, c->keys[i].end_reason);
    return n;
}

size_t collect_ivals(const struct collect *c, const char *truth, const char *verdict)
{
    size_t n = 0;

    for (size_t i = 0; i < c->ival_count; i++)
        n += fits(truth, c->ivals[i].truth) && fits(verdict, c->ivals[i].verdict);
    return n;
}

const struct collected_procedure *collect_next(const struct collect *c, const char *kind,
                                               size_t *at)
{
    while (*at < c->procedure_count)
        if (!strcmp(c->procedures[(*at)++].kind, kind))
            return &c->procedures[*at - 1];
    return NULL;
}

const struct collected_key *collect_parent(const struct collect *c, const struct collected_key *key)
{
    for (size_t i = 0; i < c->key_count; i++)
        if (c->keys[i].row.key_id == key->row.parent_key)
            return &c->keys[i];
    return NULL;
}

size_t collect_incidents(const struct collect *c, const char *kind, bool ended)
{
    size_t n = 0;

    for (size_t i = 0; i < c->incident_count; i++)
        n +=
            fits(kind, c->incidents[i].kind) && (c->incidents[i].row.t_end != ROW_NULL_ID) == ended;
    return n;
}
