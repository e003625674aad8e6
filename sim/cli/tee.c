#include "sim/cli/tee.h"

static void pass_node(void *arg, const struct row_node *row)
{
    const struct tee *w = arg;

    w->to.node(w->to.arg, row);
}

static void pass_procedure(void *arg, const struct row_procedure *row)
{
    const struct tee *w = arg;

    w->procedure(w->arg, row);
    w->to.procedure(w->to.arg, row);
}

static void pass_key(void *arg, const struct row_key *row)
{
    const struct tee *w = arg;

    w->to.key(w->to.arg, row);
}

static void pass_ival(void *arg, const struct row_ival *row)
{
    const struct tee *w = arg;

    w->to.ival(w->to.arg, row);
}

static void pass_incident(void *arg, const struct row_incident *row)
{
    const struct tee *w = arg;

    w->to.incident(w->to.arg, row);
}

static void pass_message(void *arg, const struct row_message *row)
{
    const struct tee *w = arg;

    w->to.message(w->to.arg, row);
}

static void pass_crypto(void *arg, const struct row_crypto *row)
{
    const struct tee *w = arg;

    w->to.crypto(w->to.arg, row);
}

static void pass_series(void *arg, const struct row_series *row)
{
    const struct tee *w = arg;

    w->to.series(w->to.arg, row);
}

static void pass_violation(void *arg, const struct row_violation *row)
{
    const struct tee *w = arg;

    w->to.violation(w->to.arg, row);
}

static void pass_note(void *arg, const struct row_note *row)
{
    const struct tee *w = arg;

    w->to.note(w->to.arg, row);
}

void tee_init(struct tee *w, const struct row_sink *to,
              void (*procedure)(void *arg, const struct row_procedure *row), void *arg)
{
    *w = (struct tee){.to = *to, .procedure = procedure, .arg = arg};
    w->sink = (struct row_sink){
        .arg = w,
        .node = pass_node,
        .procedure = pass_procedure,
        .key = pass_key,
        .ival = pass_ival,
        .incident = pass_incident,
        .message = pass_message,
        .crypto = pass_crypto,
        .series = pass_series,
        .violation = pass_violation,
        .note = pass_note,
    };
}
