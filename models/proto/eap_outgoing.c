#include "models/proto/eap_impl.h"
#include "sim/base/str.h"

#include <assert.h>

void eap_outgoing_init(struct eap_outgoing *o)
{
    buf_init(&o->packet, EAP_PACKET_MAX);
    o->label[0] = '\0';
    o->waits = false;
}

void eap_outgoing_release(struct eap_outgoing *o)
{
    buf_clear(&o->packet);
}

size_t eap_trace_mark(const struct trace *trace)
{
    return trace ? strlen(trace->label) : 0;
}

/* The text goes back into the trace with each output, because a packet may leave more than
 * once. */
static void take_label(struct eap_outgoing *o, struct trace *trace, size_t mark)
{
    const char *text;

    o->label[0] = '\0';
    if (!trace)
        return;
    text = trace->label + mark;
    if (strncmp(text, ", ", 2) == 0)
        text += 2;
    str_append(o->label, sizeof(o->label), 0, text);
    trace->label[mark] = '\0';
}

void eap_outgoing_set(struct eap_outgoing *o, struct buf *packet, struct trace *trace, size_t mark,
                      const char *otherwise)
{
    buf_clear(&o->packet);
    o->packet = *packet;
    buf_init(packet, EAP_PACKET_MAX);
    take_label(o, trace, mark);
    if (o->label[0] == '\0')
        str_append(o->label, sizeof(o->label), 0, otherwise);
    o->waits = true;
}

bool eap_outgoing_give(struct eap_outgoing *o, struct trace *trace, struct buf *out)
{
    bool had_room;

    if (!o->waits)
        return false;
    o->waits = false;
    had_room = buf_put_span(out, buf_span(&o->packet));
    assert(had_room); /* the host's part of the contract */
    trace_text(trace, o->label);
    return true;
}

void eap_message_name(char *out, size_t n, enum eap_code code, const char *what)
{
    size_t used = str_append(out, n, 0, code == EAP_REQUEST ? "EAP-Request/" : "EAP-Response/");

    str_append(out, n, used, what);
}
