/* Groups (etsi-m2m.md 8.1): members of one type, and membersContent, which hands a request on to
 * each of them and answers with what each of them has answered. Members elsewhere are asked through
 * the tree's owner, who waits for their answers; who cannot be reached is named as such at once. */
#include "models/proc/scl_tree_impl.h"

#include "models/proto/m2mxml_rep.h"
#include "sim/base/str.h"
#include "sim/base/xalloc.h"

#include <stdlib.h>
#include <string.h>

#define MAX_DOCUMENT (256 * 1024) /* of one member's answer, within the whole answer */

static enum m2m_type member_type(int64_t word)
{
    static const enum m2m_type types[] = {M2M_APPLICATION, M2M_CONTAINER, M2M_ACCESS_RIGHT, M2M_SCL,
                                          M2M_SCL}; /* in the order of memberType's words */

    return types[word];
}

/* A member here must be there, and of the type; of one elsewhere nobody knows. */
static bool is_member(const struct scl_tree *t, struct span uri, enum m2m_type type)
{
    struct m2m_path path;
    const struct resource *r;

    if (m2m_path_parse(uri, t->settings.base, &path) == M2M_PATH_MALFORMED)
        return false;
    if (!scl_tree_is_own(t, &path))
        return true;
    r = scl_tree_find_uri(t, uri);
    return r && r->type == type;
}

bool group_check(const struct scl_tree *t, const struct scl_tree_call *c, struct span list,
                 enum m2m_method method, const struct resource *r)
{
    struct span from = method == M2M_UPDATE ? store_attributes(r) : list, members;
    enum m2m_type type = member_type(m2m_find_number(from, E_MEMBER_TYPE, 0));
    int64_t n = 0, max = m2m_find_number(from, E_MAX_NR_OF_MEMBERS, SCL_TREE_NEVER);
    struct m2m_item item;

    max = m2m_find_number(list, E_MAX_NR_OF_MEMBERS, max);
    if (!m2m_find(list, E_MEMBERS, &members) && !m2m_find(from, E_MEMBERS, &members))
        return true;
    for (; m2m_next(&members, &item); n++)
        if (!is_member(t, item.value, type)) {
            scl_tree_refuse(c, STATUS_BAD_REQUEST, "a member is not there, or not of memberType");
            return false;
        }
    if (n <= max)
        return true;
    scl_tree_refuse(c, STATUS_FORBIDDEN, "more members than maxNrOfMembers");
    return false;
}

void scl_tree_put_member(struct m2m_rep *out, const char *uri, enum m2m_status status,
                         const struct m2m_rep *body)
{
    const char *const *words = m2m_element_info(E_STATUS_CODE)->words;
    size_t opened = m2m_open(out, E_STATUS);
    struct span modified;
    struct buf text;
    int64_t i = 0;

    while (strcmp(words[i], m2m_status_name(status)) != 0)
        i++;
    m2m_put_text(out, E_ID, uri);
    m2m_put_number(out, E_STATUS_CODE, i);
    if (m2m_find(m2m_rep_span(body), E_LAST_MODIFIED_TIME, &modified))
        m2m_put(out, E_LAST_MODIFIED_TIME, modified);
    buf_init(&text, MAX_DOCUMENT);
    if (body->type && m2mxml_rep_write(body, &text)) {
        m2m_put_text(out, E_XMIME, "application/xml");
        m2m_put(out, E_RESULT_BODY, buf_span(&text));
    }
    buf_clear(&text);
    m2m_close(out, opened);
}

/* ---- members elsewhere ---- */

struct scl_tree_output *scl_tree_member(struct scl_tree *t)
{
    struct scl_tree_output *o = t->members;

    if (!o)
        return NULL;
    t->members = o->next;
    if (!o->next)
        t->last_member = &t->members;
    o->next = NULL;
    return o;
}

/* A GSCL asks nobody for others (404 or 401 already where a member is at another SCL), and does not
 * wait for its own applications either. */
static void hand_on(struct scl_tree *t, uint32_t place, const struct scl_tree_call *c,
                    struct m2m_response *response)
{
    const struct m2m_rep *rep = c->request->representation;
    struct scl_tree_output *o;

    if (!t->settings.gathers) {
        response->status_code = STATUS_NOT_IMPLEMENTED;
        return;
    }
    o = output_new(SCL_TREE_REQUEST, c->request->method, response->resource_uri,
                   c->request->requesting_entity);
    o->contact = xstrdup(response->contact);
    o->onward = response->onward;
    o->place = place;
    if (rep) {
        m2m_rep_init(&o->representation, rep->type);
        m2m_put_items(&o->representation, m2m_rep_span(rep));
    }
    *t->last_member = o;
    t->last_member = &o->next;
    response->status_code = STATUS_ACCEPTED;
}

static void ask_member(struct scl_tree *t, struct span member, const char *suffix, uint32_t place,
                       const struct scl_tree_call *c)
{
    char uri[SCL_TREE_MAX_URI + M2M_MAX_PATH];
    struct m2m_response response;
    struct m2m_request request = *c->request;

    m2m_response_init(&response);
    if (member.n >= SCL_TREE_MAX_URI) /* no URI of anything: not there */
        member.n = SCL_TREE_MAX_URI - 1;
    memcpy(uri, member.p, member.n);
    uri[member.n] = '\0';
    str_append(uri, sizeof(uri), member.n, suffix);
    request.target_id = span_str(uri);
    scl_tree_request(t, c->now, &request, &response);
    if (response.onward != M2M_STAYS)
        hand_on(t, place, c, &response);
    scl_tree_put_member(&c->response->representation, uri, response.status_code,
                        &response.representation);
    m2m_response_clear(&response);
}

void group_fan_out(struct scl_tree *t, const struct scl_tree_target *target,
                   const struct scl_tree_call *c)
{
    struct scl_tree_output *left;
    struct span members;
    struct m2m_rep copy;
    struct m2m_item item;
    uint32_t place = 0;

    /* A group within a group could lead back to itself. */
    if (t->fanning) {
        scl_tree_refuse(c, STATUS_FORBIDDEN, "a group within a group's request");
        return;
    }
    while ((left = scl_tree_member(t))) /* nobody cared */
        scl_tree_output_free(left);
    /* A member's request may change the group itself. */
    m2m_rep_init(&copy, M2M_GROUP);
    if (m2m_find(store_attributes(target->at), E_MEMBERS, &members))
        m2m_put_items(&copy, members);
    members = m2m_rep_span(&copy);
    t->fanning = true;
    m2m_rep_init(&c->response->representation, M2M_MEMBERS_RESPONSES);
    while (m2m_next(&members, &item))
        ask_member(t, item.value, target->path->text + target->path->suffix, place++, c);
    t->fanning = false;
    m2m_rep_clear(&copy);
    c->response->status_code = STATUS_OK;
}
