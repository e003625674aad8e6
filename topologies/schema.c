/* The keys of a scenario and of a network file, but for those of populations. */
#include "topologies/schema.h"

#include "topologies/schema_impl.h"

#include <string.h>

/* clang-format off */

/* ---- words ---- */

const struct schema_word schema_kinds[] = {
    {"device", CFG_DEVICE}, {"nscl", CFG_NSCL}, {"msbf", CFG_MSBF}, {"mas", CFG_MAS},
    {"hss", CFG_HSS}, {"bsf", CFG_BSF}, {"access", CFG_ACCESS}, {"kms", CFG_KMS}, {"application", CFG_APPLICATION},
    {"gateway", CFG_GATEWAY}, {"local", CFG_LOCAL}, {NULL, 0}};
static const struct schema_word happenings[] = {
    {"outage", HAPPENING_OUTAGE}, {"blackout", HAPPENING_BLACKOUT}, {"firmware", HAPPENING_FIRMWARE},
    {"attack", SCHEMA_LATER}, {NULL, 0}};
static const struct schema_word all_or_none[] = {{"all", true}, {"none", false}, {NULL, 0}};
static const struct schema_word presets[] = {{"linux", 0}, {"ns3", 1}, {NULL, 0}};

/* ---- links ---- */

#define AT(member) .offset = offsetof(struct net_hop_config, member)
static const struct schema_key hop_keys[] = {
    {"latency", TYPE_DIST, AT(latency),
     .help = "propagation: `80 ms`, `uniform 10 ms 30 ms`, `normal 35 ms 5 ms`, `lognormal 80 ms 0.4` "
             "(median, sigma), `exponential 2 s`, `empirical FILE` (one time a line) or `empirical 1 ms 4 ms ...`"},
    {"floor", TYPE_TIME, AT(latency.floor), .max = SCHEMA_YEAR,
     .derived = "the least value of the distribution, else its 0.1 % quantile",
     .help = "no latency is below; must not be 0: it is the engine's look-ahead"},
    {"ceiling", TYPE_TIME, AT(latency.ceiling), .max = SCHEMA_YEAR, .none = "none", .none_value = SIM_NEVER,
     .derived = "none", .help = "no latency is above"},
    {"keep_order", TYPE_BOOL, AT(keep_order), .standard = "yes", .help = "a packet never overtakes an earlier one"},
    {"rate", TYPE_RATE, AT(rate_bps), .min = 1, .max = 1000000000000, .none = "unlimited",
     .standard = "unlimited", .help = "of the transmitter"},
    {"queue", TYPE_SIZE, AT(queue_octets), .min = 1, .max = UINT32_MAX, .none = "unlimited",
     .standard = "unlimited", .help = "octets that may wait for the transmitter; beyond, packets are dropped"},
    {"loss", TYPE_LOSS, AT(loss), .standard = "0 %",
     .help = "`2 %`, or `gilbert-elliott GOOD BAD TO-BAD TO-GOOD` with four shares: loss in each state, "
             "then the chance of changing it at a packet"},
    {"duplicate", TYPE_CHANCE, AT(duplicate), .max = SCHEMA_ALL, .standard = "0 %", .help = "share of packets that come twice"},
    {"reorder", TYPE_CHANCE, AT(reorder), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of packets that are held back by reorder_delay and may be overtaken"},
    {"reorder_delay", TYPE_TIME, AT(reorder_delay), .max = SCHEMA_YEAR, .standard = "0 s", .help = "how long"},
    {"overhead", TYPE_SIZE, AT(overhead_octets), .max = 65535, .standard = "0 B",
     .help = "link-layer octets added to each packet"},
    SCHEMA_END};
const struct schema_section schema_hop = {hop_keys, NULL};
#undef AT

static const struct schema_key setting_keys[] = {
    {"up", TYPE_SECTION, .offset = offsetof(struct scn_link, up), .section = &schema_hop,
     .help = "the direction FROM -> TO, where it differs"},
    {"down", TYPE_SECTION, .offset = offsetof(struct scn_link, down), .section = &schema_hop,
     .help = "the direction TO -> FROM, where it differs"},
    SCHEMA_END};
const struct schema_section schema_setting = {setting_keys, &schema_hop};

static const struct schema_key link_keys[] = {
    {"like", TYPE_TEXT, .offset = SCHEMA_NOWHERE, .derived = "nothing",
     .help = "a link setting of `use.network`, on which the other keys improve"},
    {"shared", TYPE_BOOL, .offset = offsetof(struct scn_link, shared), .standard = "no",
     .help = "one transmitter for the population (a cell) instead of one for each node"},
    SCHEMA_END};
const struct schema_section schema_link = {link_keys, &schema_setting};

/* ---- the rest ---- */

#define AT(member) .offset = offsetof(struct scn_event, member)
static const struct schema_key event_keys[] = {
    {"at", TYPE_TIME, AT(at), .max = 100 * SCHEMA_YEAR, .help = "when"},
    {"do", TYPE_WORD, AT(what), .words = happenings,
     .help = "outage: servers are off; blackout: devices are without power, and lose what their secured environment does "
             "not keep: Kmc, sessions, registration; firmware: devices get another image, which their secured "
             "environment does not know at first"},
    {"what", TYPE_POPULATION, AT(population), .kind = SCHEMA_ANY_KIND, .help = "the population"},
    {"for", TYPE_TIME, AT(duration), .min = 1, .max = 100 * SCHEMA_YEAR,
     .help = "how long; firmware: from a device's new image to the hashes it is measured against"},
    {"share", TYPE_SHARE, AT(share_ppm), .max = SCHEMA_ALL, .standard = "100 %", .help = "of the devices (not of servers)"},
    {"over", TYPE_TIME, AT(over), .max = 100 * SCHEMA_YEAR, .standard = "0 s",
     .help = "devices: each has its power back, or its image, at random up to so much later"},
    SCHEMA_END};
const struct schema_section schema_event = {event_keys, NULL};
#undef AT

#define AT(member) .offset = offsetof(struct scenario, member)
static const struct schema_key use_keys[] = {
    {"network", TYPE_TEXT, .offset = SCHEMA_NOWHERE, .derived = "none",
     .help = "a file of link settings (`networks/cellular`), beside the scenario or packaged"},
    {"cost_profile", TYPE_TEXT, AT(profile), .standard = "reference",
     .help = "what operations cost: a packaged profile's name, or a file"},
    SCHEMA_END};
static const struct schema_section use = {use_keys, NULL};

static const struct schema_key run_keys[] = {
    {"until", TYPE_TIME, AT(until), .min = 1, .max = 100 * SCHEMA_YEAR, .help = "virtual time at which the run ends"},
    {"seed", TYPE_SEED, AT(seed), .standard = "1", .help = "of all chance"},
    {"epoch", TYPE_DATE, AT(epoch_unix_ns), .standard = "2013-06-01T00:00:00Z",
     .help = "the date at virtual time 0"},
    {"key_pool", TYPE_COUNT, AT(key_pool), .min = 2, .max = 4096, .standard = "16",
     .help = "RSA keys that the fleet shares"},
    {"replications", TYPE_REPLICATIONS, AT(replications), .min = 1, .max = 10000, .standard = "1",
     .help = "runs of each cell, with seeds of their own; or `{min: 5, max: 40, until_ci: 5 %}`"},
    {"warmup", TYPE_TIME, AT(warmup), .max = 100 * SCHEMA_YEAR, .standard = "0 s",
     .help = "what was due before is kept in the results, and left out of goals and comparisons"},
    SCHEMA_END};
static const struct schema_section run = {run_keys, NULL};

#define OF_PRESET .derived = "of the preset"
static const struct schema_key tcp_keys[] = {
    {"preset", TYPE_WORD, .offset = SCHEMA_NOWHERE, .words = presets, .derived = "linux",
     .help = "where the other keys have their defaults from; ns3: the defaults of ns-3 3.37"},
    {"mss", TYPE_SIZE, AT(tcp.mss), .min = 64, .max = 65000, OF_PRESET, .help = "payload octets of a segment"},
    {"initial_window", TYPE_COUNT, AT(tcp.initial_window), .min = 1, .max = 1000, OF_PRESET, .help = "segments (RFC 6928)"},
    {"receive_window", TYPE_SIZE, AT(tcp.receive_window), .min = 1024, .max = 1 << 30, OF_PRESET, .help = "octets"},
    {"syn_header", TYPE_SIZE, AT(tcp.syn_header), .min = 20, .max = 200, OF_PRESET,
     .help = "octets of IP, TCP and options in SYN segments"},
    {"header", TYPE_SIZE, AT(tcp.header), .min = 20, .max = 200, OF_PRESET, .help = "and in all others"},
    {"sack_header", TYPE_SIZE, AT(tcp.sack_header), .max = 40, OF_PRESET, .help = "added for the first SACK block"},
    {"syn_timeout", TYPE_TIME, AT(tcp.syn_timeout), .min = SIM_MS, .max = SCHEMA_YEAR, OF_PRESET, .help = "the first; doubles"},
    {"syn_retries", TYPE_COUNT, AT(tcp.syn_retries), .max = 100, OF_PRESET, .help = "after the first"},
    {"initial_rto", TYPE_TIME, AT(tcp.initial_rto), .min = SIM_MS, .max = SCHEMA_YEAR, OF_PRESET, .help = "RFC 6298 2.1"},
    {"min_rto", TYPE_TIME, AT(tcp.min_rto), .min = SIM_MS, .max = SCHEMA_YEAR, OF_PRESET, .help = "RFC 6298 2.4"},
    {"max_rto", TYPE_TIME, AT(tcp.max_rto), .min = SIM_MS, .max = SCHEMA_YEAR, OF_PRESET, .help = "RFC 6298 2.5"},
    {"data_retries", TYPE_COUNT, AT(tcp.data_retries), .max = 100, OF_PRESET,
     .help = "time-outs in a row before the connection is lost"},
    {"delayed_ack_segments", TYPE_COUNT, AT(tcp.delayed_ack_segments), .min = 1, .max = 100, OF_PRESET,
     .help = "an ACK at once every so many segments; 1: no delayed ACK"},
    {"delayed_ack_time", TYPE_TIME, AT(tcp.delayed_ack_time), .max = SIM_S, OF_PRESET, .help = "and at the latest after"},
    {"sack", TYPE_BOOL, AT(tcp.sack), OF_PRESET, .help = "SACK recovery (RFC 6675); else NewReno (RFC 6582)"},
    {"time_wait", TYPE_TIME, AT(tcp.time_wait), .max = SCHEMA_YEAR, OF_PRESET, .help = "quarantine of a closed connection"},
    SCHEMA_END};
static const struct schema_section tcp = {tcp_keys, NULL};

static const struct schema_key eap_keys[] = {
    {"mtu", TYPE_SIZE, AT(eap.mtu), .min = 256, .max = 4000, .standard = "1020 B",
     .help = "longest EAP packet; longer ones of EAP-TLS go in fragments (RFC 3748 3.1: every link carries 1,020)"},
    {"reauth", TYPE_BOOL, AT(eap.reauth), .standard = "no",
     .help = "EAP-SIM, AKA, AKA': the MAS hands out pseudonyms and fast re-authentication, which spares the HSS"},
    SCHEMA_END};
static const struct schema_section eap = {eap_keys, NULL};

static const struct schema_key pana_keys[] = {
    {"pci_irt", TYPE_TIME, AT(eap.pana.pci_irt), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "1 s",
     .help = "PCI_IRT: first repetition of PANA-Client-Initiation; doubles (RFC 5191 9)"},
    {"pci_mrt", TYPE_TIME, AT(eap.pana.pci_mrt), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "120 s",
     .help = "PCI_MRT: and at most"},
    {"irt", TYPE_TIME, AT(eap.pana.req_irt), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "1 s",
     .help = "REQ_IRT: first repetition of a request; doubles"},
    {"mrt", TYPE_TIME, AT(eap.pana.req_mrt), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "30 s",
     .help = "REQ_MRT: and at most"},
    {"mrc", TYPE_COUNT, AT(eap.pana.req_mrc), .min = 1, .max = 1000, .none = "unlimited", .standard = "10",
     .help = "REQ_MRC: transmissions of a request"},
    {"stalled", TYPE_TIME, AT(eap.pana.stalled), .min = SIM_S, .max = SCHEMA_YEAR, .none = "never",
     .standard = "300 s", .help = "an agent forgets a session that makes no progress for so long"},
    {"linger", TYPE_TIME, AT(eap.pana_linger), .max = SCHEMA_YEAR, .standard = "30 s",
     .help = "how long a device answers repetitions of the last request"},
    {"encrypt", TYPE_BOOL, AT(eap.pana_encrypt), .standard = "yes",
     .help = "keys' indices, identifiers and lifetimes go encrypted (RFC 6786)"},
    SCHEMA_END};
static const struct schema_section pana = {pana_keys, NULL};

static const struct schema_key radius_keys[] = {
    {"irt", TYPE_TIME, AT(eap.radius_irt), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "2 s",
     .help = "first repetition of an Access-Request; doubles (RFC 5080 2.2.1)"},
    {"mrt", TYPE_TIME, AT(eap.radius_mrt), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "16 s", .help = "and at most"},
    {"mrd", TYPE_TIME, AT(eap.radius_mrd), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "30 s",
     .help = "from the first transmission until it is given up"},
    {"mrc", TYPE_COUNT, AT(eap.radius_mrc), .min = 1, .max = 100, .standard = "5", .help = "transmissions"},
    {"linger", TYPE_TIME, AT(eap.radius_linger), .min = SIM_S, .max = SCHEMA_YEAR, .standard = "10 s",
     .help = "how long the MAS answers repeated requests after its verdict"},
    SCHEMA_END};
static const struct schema_section radius = {radius_keys, NULL};

static const struct schema_key udp_keys[] = {
    {"mtu", TYPE_SIZE, AT(eap.udp.mtu), .min = 68, .max = 65535, .standard = "1500 B",
     .help = "of every path, in octets of an IP packet; longer datagrams go in fragments"},
    {"reassembly", TYPE_TIME, AT(eap.udp.reassembly), .min = SIM_S, .max = SCHEMA_YEAR, .standard = "60 s",
     .help = "fragments older than this are forgotten"},
    SCHEMA_END};
static const struct schema_section udp = {udp_keys, NULL};

static const struct schema_key message_keys[] = {
    {"sample", TYPE_SHARE, AT(record.message_sample_ppm), .max = SCHEMA_ALL, .standard = "0.1 %",
     .help = "share of procedures whose messages are kept"},
    {"first", TYPE_COUNT, AT(record.message_first), .max = 1000000000, .standard = "3",
     .help = "and the first so many of each kind"},
    {"slowest", TYPE_COUNT, AT(record.message_slowest), .max = 1000, .standard = "5",
     .help = "and of each that was among the so many slowest of its kind when it ended"},
    {"failed", TYPE_BOOL, AT(record.failed_messages), .standard = "yes", .help = "and of every failed one"},
    SCHEMA_END};
static const struct schema_section messages = {message_keys, NULL};

static const struct schema_key record_keys[] = {
    {"procedures", TYPE_BOOL, AT(record.procedures), .words = all_or_none, .standard = "all", .help = "one row each"},
    {"keys", TYPE_BOOL, AT(record.keys), .words = all_or_none, .standard = "all", .help = "the key ledger"},
    {"messages", TYPE_SECTION, .section = &messages, .help = "message sequences"},
    SCHEMA_KEY_LATER("secrets"),
    {"series_every", TYPE_TIME, AT(record.series_every), .min = SIM_MS, .max = SCHEMA_YEAR, .none = "never",
     .standard = "10 s", .help = "time between two samples of the series"},
    SCHEMA_END};
static const struct schema_section record = {record_keys, NULL};

static const struct schema_key root_keys[] = {
    {"m2msim", TYPE_FORMAT, .offset = SCHEMA_NOWHERE, .help = "version of the scenario format: 1"},
    {"title", TYPE_TEXT, AT(title), .standard = "", .help = "one line for lists and reports"},
    {"use", TYPE_SECTION, .section = &use, .help = "what is taken from elsewhere"},
    {"run", TYPE_SECTION, .section = &run, .help = "the run"},
    {"populations", TYPE_TABLE, .offset = SCHEMA_NOWHERE, .section = &schema_population,
     .help = "the nodes, by name"},
    {"links", TYPE_TABLE, .offset = SCHEMA_NOWHERE,   .section = &schema_link, .derived = "none",
     .help = "`FROM -> TO`: what joins two populations; FROM is the leaf side"},
    {"tcp", TYPE_SECTION, .section = &tcp, .help = "TCP, at every end"},
    {"udp", TYPE_SECTION, .section = &udp, .help = "UDP, at every end"},
    {"pana", TYPE_SECTION, .section = &pana, .help = "PANA, at every end"},
    {"eap", TYPE_SECTION, .section = &eap, .help = "EAP, at every end"},
    {"radius", TYPE_SECTION, .section = &radius, .help = "RADIUS between agents and MAS"},
    {"events", TYPE_TABLE, .offset = SCHEMA_NOWHERE, .section = &schema_event, .derived = "none",
     .help = "a list of what happens"},
    {"record", TYPE_SECTION, .section = &record, .help = "what the results keep"},
    {"sweep", TYPE_TABLE, .offset = SCHEMA_NOWHERE, .derived = "none",
     .help = "keys with lists of values: every combination is a cell; `zip: {..}`, `where: ..`"},
    {"goals", TYPE_TABLE, .offset = SCHEMA_NOWHERE, .derived = "none",
     .help = "a list of what is demanded: `p99(bootstrap.latency) < 30 s` (`m2msim explain goals`)"},
    SCHEMA_KEY_LATER("attacks"),
    SCHEMA_END};
const struct schema_section schema_root = {root_keys, NULL};
#undef AT

static const struct schema_key network_keys[] = {
    {"m2msim", TYPE_FORMAT, .offset = SCHEMA_NOWHERE, .help = "version of the scenario format: 1"},
    {"title", TYPE_TEXT, .offset = SCHEMA_NOWHERE, .standard = "", .help = "what it is like"},
    {"settings", TYPE_TABLE, .offset = SCHEMA_NOWHERE, .section = &schema_setting, .help = "link settings, by name"},
    SCHEMA_END};
const struct schema_section schema_network = {network_keys, NULL};

/* clang-format on */

bool schema_is_required(const struct schema_key *k)
{
    return !k->standard && !k->derived && k->type != TYPE_SECTION && k->type != TYPE_LATER;
}

const struct schema_key *schema_at(const struct schema_section *s, size_t i)
{
    for (; s; s = s->includes)
        for (const struct schema_key *k = s->keys; k->name; k++)
            if (i-- == 0)
                return k;
    return NULL;
}

const struct schema_key *schema_find(const struct schema_section *s, const char *name,
                                     unsigned kinds)
{
    const struct schema_key *k;
    for (size_t i = 0; (k = schema_at(s, i)) != NULL; i++)
        if (strcmp(k->name, name) == 0 && (kinds == 0 || k->kinds == 0 || (k->kinds & kinds)))
            return k;
    return NULL;
}

const char *schema_word_name(const struct schema_word *words, int value)
{
    for (; words->name; words++)
        if (words->value == value)
            return words->name;
    return "";
}

const char *schema_kind_name(const struct schema_key *k)
{
    if (k->kind == SCHEMA_ANY_KIND)
        return "";
    return k->kind == SCHEMA_IN_FIELD ? "device, gateway or local"
                                      : schema_word_name(schema_kinds, k->kind);
}
