/* An application's contact URI: it takes notifications, over bare HTTP as all of mIa. */
#include "models/node/application.h"

#include "models/node/caller.h"
#include "models/proto/m2m_path.h"
#include "models/proto/m2mxml_rep.h"

#include <stdio.h>
#include <string.h>

#define TARGET "/m2m/notify"
#define STATE  "/m2m/state" /* how many notifications it has taken, for who asks its aPoC */

void contact_uri(const struct server *s, char *out, size_t n)
{
    snprintf(out, n, "http://%s" TARGET, s->fqdn);
}

bool contact_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **ops,
                    void **user)
{
    struct server_end *e = caller_accept(l->user, end, END_CONTACT);

    if (e)
        session_accept(e->session, end, ops, user);
    return e != NULL;
}

/* It came, or it went. */
static bool has_come(struct span notify)
{
    const char *const *words = m2m_element_info(E_STATUS_CODE)->words;

    return strcmp(words[m2m_find_number(notify, E_STATUS_CODE, 0)],
                  m2m_status_name(STATUS_CREATED)) == 0;
}

/* Of an <scl> the application's subscription on `scls` tells. */
static void take_scl(struct application *a, struct span scl, struct span notify, sim_ns now)
{
    char scl_id[M2M_MAX_URI];

    m2m_find_text(scl, E_SCL_ID, scl_id, sizeof scl_id);
    application_hears_of(a, scl_id, has_come(notify), now);
}

/* Of an application at a gateway that on `applications`. */
static void take_application(struct application *a, struct span application, struct span notify,
                             sim_ns now)
{
    char id[M2M_MAX_NAME + 1];

    m2m_find_text(application, E_APP_ID, id, sizeof id);
    application_hears_of_application(a, id, has_come(notify), now);
}

/* Of a container that on `containers` of its <scl>, whose reference says which. */
static void take_container(struct application *a, struct span container, struct span notify,
                           sim_ns now)
{
    char id[M2M_MAX_NAME + 1];
    struct m2m_path path;
    struct span reference;

    m2m_find_text(container, E_ID, id, sizeof id);
    if (m2m_find(notify, E_SUBSCRIPTION_REFERENCE, &reference) &&
        m2m_path_parse(reference, "m2m", &path) == M2M_PATH_OK && path.count > 3 &&
        path.step[2].type == M2M_SCL)
        application_hears_of_container(a, m2m_path_name(&path, 2), id, has_come(notify), now);
}

static enum m2m_status take(struct application *a, struct span notify, sim_ns now)
{
    struct span representation;
    struct m2m_rep rep;
    char why[80];

    if (!m2m_find(notify, E_REPRESENTATION, &representation))
        return STATUS_BAD_REQUEST;
    if (!application_hears(a, notify))
        return STATUS_OK;
    if (m2mxml_rep_read(representation, &rep, why) != REASON_NONE)
        return STATUS_BAD_REQUEST;
    if (rep.type == M2M_SCL && application_wants(a, m2m_rep_span(&rep)))
        take_scl(a, m2m_rep_span(&rep), notify, now);
    if (rep.type == M2M_CONTAINER && application_wants(a, m2m_rep_span(&rep)))
        take_container(a, m2m_rep_span(&rep), notify, now);
    if (rep.type == M2M_APPLICATION && application_wants(a, m2m_rep_span(&rep)))
        take_application(a, m2m_rep_span(&rep), notify, now);
    m2m_rep_clear(&rep);
    return STATUS_OK;
}

static void show_state(struct server_end *e)
{
    uint64_t taken = application_taken(e->server->application);
    struct m2m_doc doc = {.kind = DOC_NONE};
    struct m2m_rep rep;
    char text[24];

    snprintf(text, sizeof text, "%llu", (unsigned long long)taken);
    m2m_rep_init(&rep, M2M_CONTENT_INSTANCE);
    m2m_put_text(&rep, E_ID, "state");
    m2m_put(&rep, E_CONTENT, span_str(text));
    observed_take(&rep, &doc);
    server_answer(e, &(struct server_answer){.status = STATUS_OK}, &doc);
}

void contact_request(struct server_end *e, const struct server_request *r, sim_ns now)
{
    struct meter *m = session_env(e->session)->meter;
    struct server_answer a = {.status = STATUS_BAD_REQUEST};

    if (strcmp(r->target, STATE) == 0 && r->method == HTTP_GET) {
        meter_add(m, OP_DB_ACCESS, 1, 0);
        show_state(e);
        return;
    }
    if (strcmp(r->target, STATE) == 0)
        a.status = STATUS_METHOD_NOT_ALLOWED;
    else if (strcmp(r->target, TARGET) != 0)
        a.status = STATUS_NOT_FOUND;
    else if (r->method != HTTP_POST)
        a.status = STATUS_METHOD_NOT_ALLOWED;
    else if (r->rep.type == M2M_NOTIFY_DOC) {
        meter_add(m, OP_XML_DOCUMENT, 1, r->body_octets / 2); /* the document within */
        meter_add(m, OP_DB_ACCESS, 1, 0);
        a.status = (int)take(e->server->application, m2m_rep_span(&r->rep), now);
    }
    server_answer(e, &a, NULL);
}

const char *contact_host(const char *uri, char *host, size_t size)
{
    const char *from = strstr(uri, "://"), *path;
    size_t n;

    if (!from)
        return NULL;
    from += 3;
    path = strchr(from, '/');
    n = strcspn(from, ":/");
    if (!path || n >= size)
        return NULL;
    memcpy(host, from, n);
    host[n] = '\0';
    return path;
}
