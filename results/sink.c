#include "results/recorder_impl.h"

/* Called at each commit of the simulation: a row costs a copy of its octets, no more. */

static struct batch *begin(void *arg, enum schema_table table)
{
    struct recorder *r = arg;
    r->rows++;
    batch_row(r->filling, table);
    return r->filling;
}

static void finish(void *arg)
{
    struct recorder *r = arg;
    size_t n = r->filling->n;
    if (n >= BATCH_OCTETS || (n >= BATCH_EAGER && atomic_load(&r->idle)))
        writer_push(r);
}

static void put_node(void *arg, const struct row_node *row)
{
    struct batch *b = begin(arg, TABLE_NODE);
    batch_id(b, row->node_id);
    batch_text(b, row->name);
    batch_text(b, row->population);
    batch_text(b, row->kind);
    batch_text(b, row->class_name);
    batch_id(b, row->parent);
    finish(arg);
}

static void put_procedure(void *arg, const struct row_procedure *row)
{
    struct batch *b = begin(arg, TABLE_PROCEDURE);
    batch_id(b, row->procedure_id);
    batch_id(b, row->node_id);
    batch_id(b, row->peer_id);
    batch_text(b, row->kind);
    batch_text(b, row->method);
    batch_id(b, row->t_intended);
    batch_id(b, row->t_start);
    batch_id(b, row->t_end);
    batch_text(b, row->outcome);
    batch_text(b, row->reason);
    batch_int(b, row->attempts);
    batch_int(b, row->messages);
    batch_int(b, (int64_t)row->octets_up);
    batch_int(b, (int64_t)row->octets_down);
    batch_int(b, row->round_trips);
    for (size_t i = 0; i < sizeof row->parts / sizeof row->parts[0]; i++)
        batch_int(b, row->parts[i]);
    batch_int(b, row->device_energy_nj);
    batch_int(b, row->device_ns);
    batch_int(b, row->server_ns);
    finish(arg);
}

static void put_key(void *arg, const struct row_key *row)
{
    struct batch *b = begin(arg, TABLE_KEY);
    batch_id(b, row->key_id);
    batch_id(b, row->node_id);
    batch_text(b, row->type);
    batch_id(b, row->parent_key);
    batch_id(b, row->procedure_id);
    batch_id(b, row->t_born);
    batch_id(b, row->t_first_use);
    batch_id(b, row->t_last_use);
    batch_int(b, (int64_t)row->uses);
    batch_id(b, row->t_expires);
    batch_id(b, row->t_end);
    batch_text(b, row->end_reason);
    finish(arg);
}

static void put_ival(void *arg, const struct row_ival *row)
{
    struct batch *b = begin(arg, TABLE_IVAL);
    batch_id(b, row->procedure_id);
    batch_id(b, row->node_id);
    batch_id(b, row->t);
    batch_int(b, row->result);
    batch_text(b, row->truth);
    batch_text(b, row->verdict);
    batch_text(b, row->policy);
    finish(arg);
}

static void put_incident(void *arg, const struct row_incident *row)
{
    struct batch *b = begin(arg, TABLE_INCIDENT);
    batch_id(b, row->node_id);
    batch_text(b, row->kind);
    batch_id(b, row->t);
    batch_id(b, row->t_end);
    finish(arg);
}

static void put_message(void *arg, const struct row_message *row)
{
    struct batch *b = begin(arg, TABLE_MESSAGE);
    batch_id(b, row->procedure_id);
    batch_int(b, row->seq);
    batch_id(b, row->t_send);
    batch_id(b, row->t_receive);
    batch_id(b, row->src);
    batch_id(b, row->dst);
    batch_text(b, row->protocol);
    batch_text(b, row->name);
    batch_int(b, row->octets);
    batch_text(b, row->fate);
    batch_blob(b, row->payload);
    batch_text(b, row->fields && *row->fields ? row->fields : NULL);
    finish(arg);
}

static void put_crypto(void *arg, const struct row_crypto *row)
{
    struct batch *b = begin(arg, TABLE_CRYPTO);
    batch_text(b, row->population);
    batch_text(b, row->role);
    batch_text(b, row->procedure);
    batch_text(b, row->operation);
    batch_text(b, row->algorithm);
    batch_int(b, (int64_t)row->calls);
    batch_int(b, (int64_t)row->octets);
    batch_int(b, row->virtual_ns);
    finish(arg);
}

static void put_series(void *arg, const struct row_series *row)
{
    struct batch *b = begin(arg, TABLE_SERIES);
    batch_text(b, row->metric);
    batch_text(b, row->group);
    batch_id(b, row->t);
    batch_real(b, row->value);
    finish(arg);
}

static void put_violation(void *arg, const struct row_violation *row)
{
    struct batch *b = begin(arg, TABLE_VIOLATION);
    batch_id(b, row->t);
    batch_id(b, row->node_id);
    batch_text(b, row->rule);
    batch_text(b, row->detail);
    finish(arg);
}

static void put_note(void *arg, const struct row_note *row)
{
    struct batch *b = begin(arg, TABLE_NOTE);
    batch_id(b, row->t);
    batch_text(b, row->level);
    batch_text(b, row->code);
    batch_text(b, row->text);
    batch_int(b, (int64_t)row->count);
    finish(arg);
}

void sink_init(struct recorder *r)
{
    r->sink = (struct row_sink){
        .arg = r,
        .node = put_node,
        .procedure = put_procedure,
        .key = put_key,
        .ival = put_ival,
        .incident = put_incident,
        .message = put_message,
        .crypto = put_crypto,
        .series = put_series,
        .violation = put_violation,
        .note = put_note,
    };
}
