/* Applications and their SCL (etsi-m2m.md 8.2 to 8.4): the application's side of mIa or, on a
 * device behind a gateway, of dIa; what an SCL's tree has to say to others, and where they meet. */
#ifndef MODELS_NODE_APPLICATION_H
#define MODELS_NODE_APPLICATION_H

#include "models/node/server.h"
#include "models/proc/scl_tree.h"

struct application;

/* ---- application.c: an application's plan; s: a server of kind application ---- */
void application_init(struct server *s);
void application_free(struct server *s); /* of another kind: nothing to do */
void application_finish(struct server *s, sim_ns now);
void application_set_off(struct server *s, bool off);
/* Its App-ID is the node's name. It uses the NSCL of its own number, or the gateway. */
void application_id(const struct server *s, char out[NODE_NAME_MAX]);
struct server *application_nscl(const struct server *s);
struct device *application_gateway(const struct server *s); /* NULL: it is at an NSCL */
/* Is s an application that is about the containers of these devices, or of some behind them? */
bool application_observes(const struct server *s, const struct population *devices);

/* What it was told of an SCL, or of a container of one, by its NSCL. */
void application_hears_of(struct application *a, const char *scl_id, bool there, sim_ns now);
void application_hears_of_container(struct application *a, const char *scl_id,
                                    const char *container, bool there, sim_ns now);
/* Of another application, by their gateway. */
void application_hears_of_application(struct application *a, const char *app_id, bool there,
                                      sim_ns now);
/* A notification has come; false: it is the last one again, whose answer was lost. */
bool application_hears(struct application *a, struct span notify);
uint64_t application_taken(const struct application *a); /* how many, without repetitions */
/* Devices that it is about say so in the searchStrings of their <scl> and of their containers. */
bool application_wants(const struct application *a, struct span resource);

/* ---- contact.c: an application's contact URI ---- */
bool contact_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **ops,
                    void **user);
void contact_request(struct server_end *e, const struct server_request *r, sim_ns now);
void contact_uri(const struct server *s, char *out, size_t n);
/* Of "SCHEME://HOST[:PORT]/PATH": HOST; returned is where the path begins. NULL: it is no such URI,
 * or HOST does not fit. */
const char *contact_host(const char *uri, char *host, size_t size);

/* ---- nscl.c: an NSCL over mIa ---- */
bool mia_accept(struct flow_listener *l, struct flow_end *end, const struct flow_ops **ops,
                void **user);
void mia_request(struct server_end *e, const struct server_request *r, sim_ns now);

/* ---- delivery.c: what an SCL's tree has to say to others ---- */
/* After each request: brings out what is in the tree's queue, and looks when the tree is due. */
void delivery_run(struct server *nscl, sim_ns now);
/* Somebody in the deployment may be told something. */
bool delivery_is_wanted(const struct deployment *d);
void delivery_set_off(struct server *s, bool off);
/* NOTIFY of a gateway's tree, to an application behind it; false: the contact is none of these. */
bool delivery_of_gateway(struct device *gateway, struct scl_tree_output *o, sim_ns now);
/* NOTIFY that another SCL asks the NSCL for, to an application of the NSCL's: from now on it waits
 * as the NSCL's own do. Else why it does not. */
enum reason delivery_hand_on(struct server *nscl, const char *contact, const struct m2m_rep *rep,
                             sim_ns now);
/* Its SCL lost its power, and with it what waits; the run is over; free. NULL: nothing. */
void delivery_lose(struct delivery *y, sim_ns now);
void delivery_end(struct delivery *y, sim_ns now);
void delivery_destroy(struct delivery *y);

/* ---- observed.c: what a device adds for the applications that are about it ---- */
#define OBSERVED_GATEWAY "gateway" /* among the searchStrings of a gateway's <scl> */
/* rep becomes the document; the index of an element's word; the accessRightID of what it makes. */
void observed_take(struct m2m_rep *rep, struct m2m_doc *doc);
int64_t observed_word(enum m2m_element e, const char *word);
void observed_put_right(struct m2m_rep *rep, const char *scl_id);
/* Permissions of an accessRight: for everything, whose one holder is `name`, of the kind that `ids`
 * and `id` say; by flags (words; the last is NULL) for the applications for which `holds` is true,
 * among servers of any kind. */
void observed_put_owner(struct m2m_rep *rep, enum m2m_element ids, enum m2m_element id,
                        const char *name);
typedef bool observed_holds(const struct server *s, const void *arg);
void observed_put_applications(struct m2m_rep *rep, const struct deployment *d,
                               const char *const *flags, observed_holds *holds, const void *arg);
/* The representation of its <scl> at CREATE: with searchStrings and an accessRightID. *doc's memory
 * is to be released. */
void observed_scl(const struct device *dev, const char *scl_id, struct m2m_doc *doc);
/* The same of a container, whose readings are those of p: of a device, of a gateway, or of devices
 * behind it. */
void observed_container(const struct population *p, const char *scl_id, struct m2m_doc *doc);
/* Somebody is about the containers of p. */
bool observed_is_sought(const struct population *p);
/* <accessRight>: all for the SCL itself; to look, to subscribe and to command for applications. */
void observed_access_right(const struct device *dev, const char *scl_id, struct m2m_doc *doc);

#endif
