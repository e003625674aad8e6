/* The keys of a population, of whatever kind. */
#include "topologies/schema_impl.h"

#define GATEWAY     (1u << CFG_GATEWAY)
#define DEVICE      (1u << CFG_DEVICE | GATEWAY) /* a gateway is one with more */
#define LOCAL       (1u << CFG_LOCAL)
#define NSCL        (1u << CFG_NSCL)
#define MSBF        (1u << CFG_MSBF)
#define MAS         (1u << CFG_MAS)
#define HSS         (1u << CFG_HSS)
#define BSF         (1u << CFG_BSF)
#define ACCESS      (1u << CFG_ACCESS)
#define KMS         (1u << CFG_KMS)
#define APPLICATION (1u << CFG_APPLICATION)
#define SERVER      (NSCL | MSBF | MAS | BSF | APPLICATION) /* with sessions of others */

/* clang-format off */

/* ---- words ---- */

const struct schema_word schema_verdicts[] = {
    {"allow", CFG_ALLOW}, {"limit", CFG_LIMIT}, {"deny", CFG_DENY}, {NULL, 0}};
static const struct schema_word bootstraps[] = {
    {"tls-x509", CFG_BOOTSTRAP_TLS_X509}, {"pre-provisioned", CFG_BOOTSTRAP_PRE_PROVISIONED},
    {"none", CFG_BOOTSTRAP_NONE}, {"eap-tls", CFG_BOOTSTRAP_EAP_TLS}, {"eap-sim", CFG_BOOTSTRAP_EAP_SIM},
    {"eap-aka", CFG_BOOTSTRAP_EAP_AKA}, {"eap-aka-prime", CFG_BOOTSTRAP_EAP_AKA_PRIME},
    {"eap-gpsk", CFG_BOOTSTRAP_EAP_GPSK}, {"eap-psk", CFG_BOOTSTRAP_EAP_PSK},
    {"eap-ibake", CFG_BOOTSTRAP_EAP_IBAKE}, {"gba-me", CFG_BOOTSTRAP_GBA_ME}, {"gba-u", CFG_BOOTSTRAP_GBA_U}, {NULL, 0}};
static const struct schema_word connects[] = {
    {"tls-psk", CFG_CONNECT_TLS_PSK}, {"eap-gpsk", CFG_CONNECT_EAP_GPSK}, {"eap-psk", CFG_CONNECT_EAP_PSK},
    {"eap-sim", CFG_CONNECT_EAP_SIM}, {"eap-aka", CFG_CONNECT_EAP_AKA},
    {"eap-aka-prime", CFG_CONNECT_EAP_AKA_PRIME}, {"gba", CFG_CONNECT_GBA}, {"none", CFG_CONNECT_NONE}, {NULL, 0}};
static const struct schema_word ibe_schemes[] = {{"sakke", IBE_SAKKE}, {"bf", IBE_BF}, {NULL, 0}};
static const struct schema_word gba_applications[] = {
    {"usim", GBA_USIM}, {"isim", GBA_ISIM}, {"csim", GBA_CSIM}, {NULL, 0}};
static const struct schema_word uas[] = {{"digest", CFG_UA_DIGEST}, {"psk-tls", CFG_UA_PSK_TLS}, {NULL, 0}};
static const struct schema_word naf_keys[] = {{"int", GBA_KEY_UICC}, {"ext", GBA_KEY_ME}, {NULL, 0}};
static const struct schema_word gpsk_suites[] = {{"best", 0}, {"1", 1}, {"2", 2}, {NULL, 0}};
static const struct schema_word stores[] = {{"device", CFG_STORE_DEVICE}, {"uicc", CFG_STORE_UICC}, {NULL, 0}};
static const struct schema_word securities[] = {
    {"none", CFG_SECURITY_NONE}, {"channel", CFG_SECURITY_CHANNEL}, {"object-sign", CFG_SECURITY_SIGN},
    {"object-encrypt", CFG_SECURITY_ENCRYPT}, {NULL, 0}};
static const struct schema_word grants[] = {
    {"channel", CFG_SECURITY_CHANNEL}, {"object-sign", CFG_SECURITY_SIGN},
    {"object-encrypt", CFG_SECURITY_ENCRYPT}, {NULL, 0}};
static const struct schema_word ciphers[] = {
    {"aes-128-gcm", XMLSEC_AES128_GCM}, {"aes-128-cbc", XMLSEC_AES128_CBC}, {NULL, 0}};
static const struct schema_word bindings[] = {
    {"http", BINDING_HTTP}, {"coap", BINDING_COAP}, {NULL, 0}};
static const struct schema_word channels[] = {
    {"none", CFG_CHANNEL_NONE}, {"long-poll", CFG_CHANNEL_LONG_POLL}, {NULL, 0}};
static const struct schema_word resumes[] = {
    {"no", TLS_RESUME_NO}, {"session-id", TLS_RESUME_SESSION_ID}, {"ticket", TLS_RESUME_TICKET}, {NULL, 0}};
static const struct schema_word actuates[] = {{"set", CFG_ACTUATE_SET}, {"get", CFG_ACTUATE_GET}, {NULL, 0}};
static const struct schema_word commands[] = {
    {"reset", CFG_COMMAND_RESET}, {"firmware", CFG_COMMAND_FIRMWARE}, {NULL, 0}};
static const struct schema_word reads[] = {{"latest", CFG_READ_LATEST}, {"oldest", CFG_READ_OLDEST}, {NULL, 0}};
static const struct schema_word versions[] = {{"1.1", TLS_1_1}, {"1.2", TLS_1_2}, {NULL, 0}};
static const struct schema_word groups[] = {
    {"P-256", TLS_GROUP_P256}, {"X25519", TLS_GROUP_X25519}, {NULL, 0}};
static const struct schema_word shapes[] = {
    {"uniform", CFG_ARRIVAL_UNIFORM}, {"poisson", CFG_ARRIVAL_POISSON}, {"burst", CFG_ARRIVAL_BURST},
    {"ramp", CFG_ARRIVAL_RAMP}, {"trace", SCHEMA_LATER}, {NULL, 0}};
static const struct schema_word backoffs[] = {
    {"constant", CFG_BACKOFF_CONSTANT}, {"linear", CFG_BACKOFF_LINEAR},
    {"exponential", CFG_BACKOFF_EXPONENTIAL}, {NULL, 0}};
static const struct schema_word jitters[] = {
    {"none", CFG_JITTER_NONE}, {"equal", CFG_JITTER_EQUAL}, {"full", CFG_JITTER_FULL}, {NULL, 0}};
static const struct schema_word interfaces[] = {{"dIa", CFG_DIA}, {"xIP", CFG_XIP}, {NULL, 0}};

/* ---- populations ---- */

#define AT(member) .offset = offsetof(struct scn_population, member)

static const struct schema_key bootstrap_keys[] = {
    {"method", TYPE_WORD, AT(device.bootstrap.method), .words = bootstraps, .standard = "tls-x509",
     .help = "how Kmr gets into the device"},
    {"suite", TYPE_SUITE, AT(device.bootstrap.tls.suite), .standard = "RSA-AES128-CCM",
     .help = "tls-x509, eap-tls: cipher suite, by its IANA name without TLS_ and WITH_; one with certificates"},
    {"version", TYPE_WORD, AT(device.bootstrap.tls.version), .words = versions, .standard = "1.2",
     .help = "TLS version, exactly this one"},
    {"at", TYPE_POPULATION, AT(device.bootstrap.msbf), .kind = CFG_MSBF,
     .derived = "the only population of kind msbf", .help = "the MSBF that serves it"},
    {"wrong_ca", TYPE_SHARE, AT(device.bootstrap.wrong_ca_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose certificate, or identity-based key, is from another authority"},
    {"expired", TYPE_SHARE, AT(device.bootstrap.expired_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose certificate, or identity-based key, has expired before the run"},
    {"wrong_key", TYPE_SHARE, AT(device.bootstrap.wrong_key_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "eap-gpsk, eap-psk: share of devices whose key is not the one the provider has"},
    {"gpsk_suite", TYPE_WORD, AT(device.bootstrap.gpsk_suite), .words = gpsk_suites, .standard = "best",
     .help = "eap-gpsk: 1 (AES-128), 2 (HMAC-SHA-256), or the better of those both have"},
    {"ibe", TYPE_WORD, AT(device.bootstrap.ibe), .words = ibe_schemes, .standard = "sakke",
     .help = "eap-ibake: SAKKE (RFC 6508) or Boneh-Franklin (RFC 5091)"},
    SCHEMA_END};
static const struct schema_section bootstrap = {bootstrap_keys, NULL};

static const struct schema_key connect_keys[] = {
    {"method", TYPE_WORD, AT(device.connect.method), .words = connects, .standard = "tls-psk",
     .help = "how Kmc is agreed; eap-sim, eap-aka, eap-aka-prime and gba need no Kmr; none: there is no Kmc, "
             "mId relies on the access network"},
    {"suite", TYPE_SUITE, AT(device.connect.tls.suite), .standard = "ECDHE-PSK-AES128-CBC-SHA256",
     .help = "tls-psk: cipher suite; an ECDHE-PSK one"},
    {"version", TYPE_WORD, AT(device.connect.tls.version), .words = versions, .standard = "1.2",
     .help = "TLS version, exactly this one"},
    {"group", TYPE_WORD, AT(device.connect.tls.group), .words = groups, .standard = "P-256",
     .help = "the curve of the key exchange"},
    {"at", TYPE_POPULATION, AT(device.connect.mas), .kind = CFG_MAS,
     .derived = "the only population of kind mas, if there is a Kmr or a Kmc", .help = "the MAS that serves it"},
    {"wrong_key", TYPE_SHARE, AT(device.connect.wrong_key_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose Kmr is not the one the MAS has (pre-provisioned only)"},
    {"gpsk_suite", TYPE_WORD, AT(device.connect.gpsk_suite), .words = gpsk_suites, .standard = "best",
     .help = "eap-gpsk: as in bootstrap"},
    SCHEMA_END};
static const struct schema_section connect_section = {connect_keys, NULL};

static const struct schema_key uicc_keys[] = {
    {"wrong_key", TYPE_SHARE, AT(device.uicc.wrong_key_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose K is not the one the HSS has"},
    {"ahead", TYPE_SHARE, AT(device.uicc.ahead_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose sequence numbers are ahead of the HSS's: they ask for resynchronisation"},
    {"gba_u", TYPE_BOOL, AT(device.uicc.gba_u), .standard = "no",
     .help = "connection by gba without a bootstrap by GBA: it knows GBA_U, else GBA_ME"},
    SCHEMA_END};
static const struct schema_section uicc = {uicc_keys, NULL};

static const struct schema_key gba_keys[] = {
    {"at", TYPE_POPULATION, AT(device.gba.bsf), .kind = CFG_BSF,
     .derived = "the only population of kind bsf, for methods by GBA", .help = "the BSF that serves it"},
    {"application", TYPE_WORD, AT(device.gba.application), .words = gba_applications, .standard = "usim",
     .help = "the UICC's application, from which the private identity comes"},
    {"ua", TYPE_WORD, AT(device.gba.ua), .words = uas, .standard = "digest",
     .help = "how MSBF or MAS is spoken with: HTTP Digest on bare TCP, or TLS with the NAF's key as PSK"},
    {"suite", TYPE_SUITE, AT(device.gba.tls.suite), .standard = "PSK-AES128-CBC-SHA256",
     .help = "psk-tls: cipher suite; a PSK or ECDHE-PSK one"},
    {"version", TYPE_WORD, AT(device.gba.tls.version), .words = versions, .standard = "1.2",
     .help = "TLS version, exactly this one"},
    {"group", TYPE_WORD, AT(device.gba.tls.group), .words = groups, .standard = "P-256",
     .help = "ECDHE-PSK: the curve of the key exchange"},
    {"key", TYPE_WORD, AT(device.gba.key), .words = naf_keys, .standard = "int",
     .help = "GBA_U: Kmr and Kmc are Ks_int_NAF, which stays in the UICC, or Ks_ext_NAF"},
    {"reuse", TYPE_BOOL, AT(device.gba.reuse), .standard = "no",
     .help = "a Ks serves until `keys.renew_at` of its life; else once for each NAF, which gets the same key from it "
             "again"},
    {"refused", TYPE_SHARE, AT(device.gba.refused_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose subscription has no GBA, or has none where they roam"},
    SCHEMA_END};
static const struct schema_section gba = {gba_keys, NULL};
static const struct schema_key personal_keys[] = {
    {"store", TYPE_WORD, AT(device.personal.store), .words = stores, .standard = "device",
     .help = "where Kmr is: in the device's secured environment, made in the order of the devices, or in its UICC, "
             "a card of any batch"},
    {"batches", TYPE_COUNT, AT(device.personal.batches), .min = 1, .max = 10000, .standard = "1",
     .help = "batches in which the devices, or their cards, were personalised"},
    {"age", TYPE_TIME, AT(device.personal.age), .max = 100 * SCHEMA_YEAR, .standard = "0 s",
     .help = "of the first batch when the run begins; a Kmr's life (keys.kmr) counts from its personalisation"},
    {"interval", TYPE_TIME, AT(device.personal.interval), .max = 100 * SCHEMA_YEAR, .standard = "0 s",
     .help = "from the personalisation of one batch to that of the next"},
    SCHEMA_END};
static const struct schema_section personal = {personal_keys, NULL};

static const struct schema_key access_keys[] = {
    {"at", TYPE_POPULATION, AT(device.access.at), .kind = CFG_ACCESS,
     .derived = "with connect.method none the only population of kind access, else none",
     .help = "the core of the access network that it attaches to before anything else"},
    {"irt", TYPE_TIME, AT(device.access.irt), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "2 s",
     .help = "first repetition of a message of the attach; doubles"},
    {"mrt", TYPE_TIME, AT(device.access.mrt), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "8 s", .help = "and at most"},
    {"guard", TYPE_TIME, AT(device.access.guard), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "15 s",
     .help = "T3410: an attach takes no longer (TS 24.301 10.2)"},
    {"barred", TYPE_SHARE, AT(device.access.barred_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose home network refuses them (EMM cause 8)"},
    {"roaming_barred", TYPE_SHARE, AT(device.access.roaming_barred_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose home network refuses them in this network (EMM cause 13)"},
    SCHEMA_END};
static const struct schema_section access_section = {access_keys, NULL};

static const struct schema_key mid_keys[] = {
    {"security", TYPE_SET, AT(device.mid.security), .words = securities,
     .derived = "channel; with connect.method none: none",
     .help = "what secures mId, as the device wishes it: TLS or DTLS, signed or encrypted objects (XML-DSIG, XML-ENC) on "
             "bare TCP or UDP, or several, as [channel, object-sign]"},
    {"capable", TYPE_SET, AT(device.mid.capable), .words = grants, .derived = "as `security`",
     .help = "all that the device can do, if it is granted what it did not wish for"},
    {"cipher", TYPE_WORD, AT(device.mid.cipher), .words = ciphers, .standard = "aes-128-gcm",
     .help = "of object-encrypt"},
    {"binding", TYPE_WORD, AT(device.mid.binding), .words = bindings, .standard = "http",
     .help = "what carries the primitives: HTTP on TLS or TCP, CoAP on DTLS 1.2 or UDP"},
    {"ack_timeout", TYPE_TIME, AT(device.mid.ack_timeout), .min = 10 * SIM_MS, .max = 120 * SIM_S, .standard = "2 s",
     .help = "coap: ACK_TIMEOUT of the device, at most half of it more by chance; doubled four times (RFC 7252 4.8)"},
    {"suite", TYPE_SUITE, AT(device.mid.tls.suite),
     .derived = "PSK-AES128-CCM; with binding coap: PSK-AES128-CCM8",
     .help = "cipher suite; a plain PSK one, for CoAP one with CCM"},
    {"version", TYPE_WORD, AT(device.mid.tls.version), .words = versions, .standard = "1.2",
     .help = "TLS version, exactly this one"},
    {"at", TYPE_POPULATION, AT(device.mid.nscl), .kind = CFG_NSCL,
     .derived = "the only population of kind nscl", .help = "the NSCL it registers with"},
    {"channel", TYPE_WORD, AT(device.mid.channel), .words = channels, .standard = "none",
     .help = "long-poll: it can be told something behind a NAT too: a session of its own on which the NSCL holds a "
             "request until there is something to say"},
    {"idle", TYPE_TIME, AT(device.mid.idle), .min = SIM_MS, .max = SCHEMA_YEAR, .none = "never", .none_value = SIM_NEVER,
     .standard = "30 s", .help = "a session closes after so long without a request; never: it lasts as long as its Kmc"},
    {"resume", TYPE_WORD, AT(device.mid.resume), .words = resumes, .standard = "no",
     .help = "a session of TLS or DTLS takes the one before up in an abbreviated handshake: by session id (RFC 5246 7.3) "
             "or by ticket (RFC 5077)"},
    {"resume_for", TYPE_TIME, AT(device.mid.resume_for), .min = SIM_S, .max = 7 * 24 * 3600 * SIM_S, .standard = "24 h",
     .help = "so long after a whole handshake, in whole seconds, and never under another Kmc"},
    SCHEMA_END};
static const struct schema_section mid = {mid_keys, NULL};

static const struct schema_key ival_keys[] = {
    {"capable", TYPE_BOOL, AT(device.ival.capable), .standard = "yes",
     .help = "the device measures its image and reports the signed result"},
    {"components", TYPE_COUNT, AT(device.ival.components), .min = 1, .max = 32, .standard = "4",
     .help = "components of its image"},
    {"component_size", TYPE_SIZE, AT(device.ival.component_octets), .min = 1, .max = 16 << 20,
     .standard = "16 KiB", .help = "octets of each component"},
    {"tampered", TYPE_SHARE, AT(device.ival.tampered_ppm), .max = SCHEMA_ALL, .standard = "0 %",
     .help = "share of devices whose image is tampered with"},
    {"tampered_at", TYPE_DIST, AT(device.ival.tampered_at), .standard = "0 s",
     .help = "when, from the device's start; 0 s: from manufacture"},
    {"gate", TYPE_BOOL, AT(device.ival.gate), .standard = "no",
     .help = "a device that finds its image tampered with before bootstrap does not start"},
    SCHEMA_END};
static const struct schema_section ival = {ival_keys, NULL};

static const struct schema_key keys_keys[] = {
    {"kmr", TYPE_TIME, AT(device.keys.kmr), .min = SIM_S, .max = 100 * SCHEMA_YEAR, .standard = "2 y",
     .help = "lifetime of the root key"},
    {"kmc", TYPE_TIME, AT(device.keys.kmc), .min = SIM_S, .max = 100 * SCHEMA_YEAR, .standard = "24 h",
     .help = "lifetime of the connection key"},
    {"renew_at", TYPE_SHARE, AT(device.keys.renew_at_ppm), .min = 10000, .max = SCHEMA_ALL, .standard = "85 %",
     .help = "share of a lifetime after which the key is renewed"},
    {"renew_jitter", TYPE_SHARE, AT(device.keys.renew_jitter_ppm), .max = 500000, .standard = "5 %",
     .help = "of the lifetime, earlier or later"},
    {"applications", TYPE_COUNT, AT(device.keys.applications), .max = 16, .standard = "0",
     .help = "local applications (DA), each with a Kma of the Kmc; they report in turn, and each report proves which it is of"},
    SCHEMA_END};
static const struct schema_section keys = {keys_keys, NULL};

static const struct schema_key arrivals_keys[] = {
    {"shape", TYPE_WORD, AT(device.arrivals.shape), .words = shapes, .standard = "uniform",
     .help = "how the devices start: uniform, ramp (linearly denser), burst (at random within `over`), poisson"},
    {"over", TYPE_TIME, AT(device.arrivals.over), .max = 100 * SCHEMA_YEAR,
     .derived = "1 h; with poisson 0 s", .help = "the span of their starts (not with poisson)"},
    {"mean", TYPE_TIME, AT(device.arrivals.mean), .max = 100 * SCHEMA_YEAR,
     .derived = "0 s; must be given with poisson", .help = "poisson: mean time from one start to the next"},
    {"start", TYPE_TIME, AT(device.arrivals.start), .max = 100 * SCHEMA_YEAR, .standard = "0 s",
     .help = "the first may start then"},
    SCHEMA_END};
static const struct schema_section arrivals = {arrivals_keys, NULL};

static const struct schema_key report_keys[] = {
    {"every", TYPE_TIME, AT(device.report.every), .min = 100 * SIM_MS, .max = 100 * SCHEMA_YEAR, .none = "never",
     .standard = "15 min", .help = "time between two contentInstances"},
    {"size", TYPE_SIZE, AT(device.report.octets), .min = 1, .max = 16384, .standard = "200 B",
     .help = "octets of content, before base64"},
    {"keep", TYPE_COUNT, AT(device.report.keep), .min = 1, .max = 1000000, .standard = "1000",
     .help = "the latest so many stay in the device's container at the NSCL"},
    {"jitter", TYPE_SHARE, AT(device.report.jitter_ppm), .max = 500000, .standard = "0 %",
     .help = "of `every`, earlier or later"},
    {"rcat", TYPE_COUNT, GATEWAY | LOCAL, AT(device.report.rcat), .max = CFG_RCATS - 1, .standard = "3",
     .help = "request category: at a gateway the highest goes first, and the lowest is dropped first"},
    {"trpdt", TYPE_TIME, GATEWAY | LOCAL, AT(device.report.trpdt), .max = SCHEMA_YEAR, .standard = "0 s",
     .help = "tolerable delay: so long it may wait at the gateway, to go to the NSCL with others in one session"},
    SCHEMA_END};
static const struct schema_section report = {report_keys, NULL};

static const struct schema_key window_keys[] = {
    {"every", TYPE_TIME, AT(device.store.window_every), .min = SIM_S, .max = SCHEMA_YEAR, .none = "always", .standard = "always",
     .help = "the link is for use at multiples of it, from the start of the run on"},
    {"open", TYPE_TIME, AT(device.store.window_open), .min = SIM_S, .max = SCHEMA_YEAR, .standard = "5 min", .help = "and so long"},
    SCHEMA_END};
static const struct schema_section window = {window_keys, NULL};

static const struct schema_key blocked_keys[] = {
    {"after", TYPE_COUNT, AT(device.store.blocked_after), .min = 1, .max = 1000000, .none = "never", .standard = "never",
     .help = "failed attempts in a row to forward"},
    {"for", TYPE_TIME, AT(device.store.blocked_for), .min = SIM_S, .max = SCHEMA_YEAR, .standard = "10 min",
     .help = "how long nothing is tried then"},
    SCHEMA_END};
static const struct schema_section blocked = {blocked_keys, NULL};

static const struct schema_key store_keys[] = {
    {"max_requests", TYPE_COUNT, AT(device.store.max_requests), .min = 1, .max = 100000000, .standard = "10000",
     .help = "maxPendReqs: most readings waiting"},
    {"max_size", TYPE_SIZE, AT(device.store.max_octets), .min = 1, .max = UINT32_MAX, .standard = "4 MiB",
     .help = "maxPendData: most octets of content waiting"},
    {"urgent", TYPE_COUNT, AT(device.store.urgent), .max = CFG_RCATS, .standard = "6",
     .help = "from this request category on nothing waits, neither for `trpdt` nor for a window; 8: none"},
    {"window", TYPE_SECTION, .section = &window,
     .help = "when the link is for use (rcatSchedule); outside a reading waits for the next window, or until its "
             "`trpdt` is over"},
    {"blocked", TYPE_SECTION, .section = &blocked, .help = "a link that fails is left alone for a while (blockPeriods)"},
    SCHEMA_END};
static const struct schema_section store = {store_keys, NULL};

static const struct schema_key registration_keys[] = {
    {"lifetime", TYPE_TIME, AT(device.registration.lifetime), .min = SIM_S, .max = 100 * SCHEMA_YEAR,
     .standard = "24 h", .help = "expirationTime asked for"},
    {"refresh_at", TYPE_SHARE, AT(device.registration.refresh_at_ppm), .min = 10000, .max = 990000,
     .standard = "50 %", .help = "share of the time granted after which it is refreshed"},
    {"deregister_at_end", TYPE_BOOL, AT(device.registration.deregister_at_end), .standard = "no",
     .help = "DELETE <scl> shortly before `run.until`"},
    SCHEMA_END};
static const struct schema_section registration = {registration_keys, NULL};

static const struct schema_key retry_keys[] = {
    {"backoff", TYPE_WORD, AT(device.retry.backoff), .words = backoffs, .standard = "exponential",
     .help = "how the wait grows from one attempt to the next"},
    {"base", TYPE_TIME, AT(device.retry.base), .min = SIM_MS, .max = SCHEMA_YEAR, .standard = "2 s",
     .help = "the first wait"},
    {"cap", TYPE_TIME, AT(device.retry.cap), .min = SIM_MS, .max = SCHEMA_YEAR, .standard = "5 min",
     .help = "the longest wait"},
    {"jitter", TYPE_WORD, AT(device.retry.jitter), .words = jitters, .standard = "full",
     .help = "none; equal: half of the wait is drawn; full: all of it is"},
    {"attempts", TYPE_COUNT, AT(device.retry.attempts), .min = 1, .max = 1000000, .none = "unlimited",
     .standard = "unlimited", .help = "for each procedure"},
    {"restart", TYPE_DIST, DEVICE, AT(device.retry.restart), .standard = "0 s",
     .help = "from power's return to the device's first step: `uniform 0 s 10 min` spreads a fleet behind a blackout"},
    SCHEMA_END};
static const struct schema_section retry = {retry_keys, NULL};

static const struct schema_key timeout_keys[] = {
    {"procedure", TYPE_TIME, AT(device.timeout.procedure), .min = 10 * SIM_MS, .max = SCHEMA_YEAR,
     .standard = "120 s", .help = "of a whole attempt"},
    SCHEMA_END};
static const struct schema_section timeout = {timeout_keys, NULL};

static const struct schema_key clamp_keys[] = {
    {"min", TYPE_TIME, AT(server.registration_min), .min = SIM_S, .max = 100 * SCHEMA_YEAR, .standard = "1 min",
     .help = "shortest registration granted"},
    {"max", TYPE_TIME, AT(server.registration_max), .min = SIM_S, .max = 100 * SCHEMA_YEAR, .standard = "10 y",
     .help = "longest registration granted"},
    SCHEMA_END};
static const struct schema_section clamp = {clamp_keys, NULL};

static const struct schema_key rule_keys[] = {
    {"mask", TYPE_BITS, .offset = offsetof(struct cfg_rule, mask), .min = 0, .max = UINT32_MAX,
     .derived = "of the rules named tampered and genuine: 0x00000001, the overall pass bit",
     .help = "the bits of the IVal result that are looked at"},
    {"value", TYPE_BITS, .offset = offsetof(struct cfg_rule, value), .min = 0, .max = UINT32_MAX,
     .derived = "tampered: 0; genuine: 1", .help = "what they must be"},
    {"verdict", TYPE_WORD, .offset = offsetof(struct cfg_rule, verdict), .words = schema_verdicts,
     .help = "what follows"},
    {"services", TYPE_SERVICES, .offset = offsetof(struct cfg_rule, allowed_services),
     .derived = "none; must be given with limit", .help = "limit: the service capabilities that stay, as [xRAR, xCS]"},
    SCHEMA_END};
const struct schema_section schema_rule = {rule_keys, NULL};

static const struct schema_key read_keys[] = {
    {"every", TYPE_TIME, AT(server.application.read.every), .min = 100 * SIM_MS, .max = 100 * SCHEMA_YEAR, .none = "never",
     .standard = "never", .help = "each container is read once in so long"},
    {"what", TYPE_WORD, AT(server.application.read.what), .words = reads, .standard = "latest",
     .help = "which of its contentInstances"},
    SCHEMA_END};
static const struct schema_section read_section = {read_keys, NULL};

static const struct schema_key command_keys[] = {
    {"every", TYPE_TIME, AT(server.application.command.every), .min = SIM_S, .max = 100 * SCHEMA_YEAR, .none = "never",
     .standard = "never", .help = "a round of commands once in so long"},
    {"share", TYPE_SHARE, AT(server.application.command.share_ppm), .max = SCHEMA_ALL, .standard = "100 %",
     .help = "of the devices, in each round"},
    {"what", TYPE_WORD, AT(server.application.command.what), .words = commands, .standard = "reset",
     .help = "reset: the device starts anew; firmware: with the newest image"},
    SCHEMA_END};
static const struct schema_section command_section = {command_keys, NULL};

static const struct schema_key resumption_keys[] = {
    {"sessions", TYPE_COUNT, AT(server.resumption.sessions), .max = 100000000, .standard = "100000",
     .help = "most that it keeps of devices with `mid.resume: session-id`; the oldest goes first"},
    {"ticket_key", TYPE_TIME, AT(server.resumption.ticket_key), .min = SIM_S, .max = SCHEMA_YEAR, .standard = "24 h",
     .help = "`mid.resume: ticket`: a key seals tickets for so long, then another does; it opens them as long again"},
    SCHEMA_END};
static const struct schema_section resumption = {resumption_keys, NULL};
static const struct schema_key actuate_keys[] = {
    {"actuators", TYPE_POPULATION, AT(server.application.actuate.actuators), .kind = CFG_LOCAL,
     .derived = "the only population of kind local", .help = "those that are asked; they need `apoc.listen`"},
    {"every", TYPE_TIME, AT(server.application.actuate.every), .min = SIM_S, .max = 100 * SCHEMA_YEAR, .none = "never",
     .standard = "never", .help = "each of them is asked once in so long, one after the other; 32 requests at one time"},
    {"what", TYPE_WORD, AT(server.application.actuate.what), .words = actuates, .standard = "set",
     .help = "set: UPDATE of its state; get: RETRIEVE"},
    {"size", TYPE_SIZE, AT(server.application.actuate.octets), .min = 1, .max = 4096, .standard = "32 B",
     .help = "of what is set, before base64"},
    SCHEMA_END};
static const struct schema_section actuate_section = {actuate_keys, NULL};
static const struct schema_key apoc_keys[] = {
    {"listen", TYPE_BOOL, AT(device.apoc.listen), .standard = "no",
     .help = "it has an aPoC, at which its gateway asks it what others ask of it: an actuator with one state"},
    {"takes", TYPE_TIME, AT(device.apoc.takes), .max = SCHEMA_YEAR, .standard = "0 s",
     .help = "until what is set is done, and answered"},
    SCHEMA_END};
static const struct schema_section apoc_section = {apoc_keys, NULL};

static const struct schema_key population_keys[] = {
    {"count", TYPE_COUNT, AT(count), .min = 1, .max = 10000000, .standard = "1", .help = "how many nodes"},
    {"kind", TYPE_WORD, AT(kind), .words = schema_kinds, .help = "what they are"},
    {"class", TYPE_TEXT, AT(class_name), .derived = "cortex-m4 for devices, cortex-a7 for gateways, server for the others",
     .help = "device class of the cost profile"},
    {"behind", TYPE_POPULATION, LOCAL, AT(device.local.behind), .kind = CFG_GATEWAY,
     .derived = "the only population of kind gateway", .help = "their gateways: number i has gateway i modulo their number"},
    {"interface", TYPE_WORD, LOCAL, AT(device.local.interface), .words = interfaces, .standard = "dIa",
     .help = "dIa: HTTP on TCP into the gateway's tree (a D' device); xIP: short frames to an interworking proxy (d)"},
    {"announce", TYPE_BOOL, GATEWAY | LOCAL, AT(device.announce), .standard = "no",
     .help = "application and container are announced at the NSCL of the gateway, where applications find them by the population's name"},
    SCHEMA_KEY_LATER("fault"), SCHEMA_KEY_LATER("attack"), SCHEMA_KEY_LATER("mobility"),

    {"bootstrap", TYPE_SECTION, DEVICE, .section = &bootstrap, .help = "service bootstrap"},
    {"connect", TYPE_SECTION, DEVICE, .section = &connect_section, .help = "service connection"},
    {"uicc", TYPE_SECTION, DEVICE, .section = &uicc, .help = "the UICC of devices whose methods use one"},
    {"gba", TYPE_SECTION, DEVICE, .section = &gba, .help = "bootstrap and connection by GBA"},
    {"personalisation", TYPE_SECTION, DEVICE, .section = &personal, .help = "a Kmr from manufacture"},
    {"access", TYPE_SECTION, DEVICE, .section = &access_section, .help = "the access network, where attaching to it is modeled"},
    {"mid", TYPE_SECTION, DEVICE, .section = &mid, .help = "the mId reference point"},
    {"ival", TYPE_SECTION, DEVICE, .section = &ival, .help = "integrity validation"},
    {"keys", TYPE_SECTION, DEVICE, .section = &keys, .help = "key life"},
    {"arrivals", TYPE_SECTION, DEVICE | LOCAL, .section = &arrivals, .help = "when the devices start"},
    {"report", TYPE_SECTION, DEVICE | LOCAL, .section = &report,
     .help = "what the application sends; at a gateway, its own"},
    {"apoc", TYPE_SECTION, LOCAL, .section = &apoc_section, .help = "the application's point of contact"},
    {"store", TYPE_SECTION, GATEWAY, .section = &store, .help = "what waits for the NSCL"},
    {"registration", TYPE_SECTION, DEVICE, .section = &registration, .help = "SCL registration"},
    {"retry", TYPE_SECTION, DEVICE | LOCAL, .section = &retry, .help = "what happens after a failure"},
    {"timeout", TYPE_SECTION, DEVICE | LOCAL, .section = &timeout, .help = "how long it waits"},

    {"workers", TYPE_COUNT, SERVER | HSS | ACCESS | KMS, AT(server.workers), .min = 1, .max = 65536, .standard = "4",
     .help = "processors of each server"},
    {"queue", TYPE_COUNT, SERVER | ACCESS, AT(server.queue), .min = 1, .max = 100000000, .standard = "1000",
     .help = "most jobs waiting for a worker"},
    {"max_sessions", TYPE_COUNT, SERVER | ACCESS, AT(server.max_sessions), .min = 1, .max = 100000000,
     .standard = "100000", .help = "open TCP connections, or attaches under way; beyond, they are refused"},
    {"backlog_busy", TYPE_COUNT, SERVER, AT(server.backlog_busy), .min = 1, .max = 100000000,
     .derived = "as `queue`", .help = "queue length from which requests are answered 503"},
    {"retry_after", TYPE_TIME, SERVER, AT(server.retry_after), .min = SIM_S, .max = SCHEMA_YEAR,
     .standard = "30 s", .help = "told with 503"},
    {"fqdn", TYPE_FQDN, SERVER, AT(server.fqdn), .derived = "NAME.m2m.example",
     .help = "its domain name, in certificates and URIs"},
    {"sp_id", TYPE_FQDN, MSBF | NSCL, AT(server.sp_id), .standard = "sp.m2m.example",
     .help = "the service provider that its PANA agent says it belongs to; a part of Kmr"},
    {"ival", TYPE_BOOL, NSCL, AT(server.ival), .standard = "yes", .help = "supports integrity validation"},
    {"ival_policy", TYPE_TABLE, NSCL, .offset = SCHEMA_NOWHERE, .section = &schema_rule,
     .derived = "{otherwise: allow}",
     .help = "rules in order, the first that matches decides: `tampered: deny`, `genuine: allow`, "
             "`NAME: {mask, value, verdict, services}`; `otherwise: VERDICT` when none does"},
    {"ival_window", TYPE_TIME, NSCL, AT(server.ival_window), .min = SIM_S, .max = SCHEMA_YEAR,
     .standard = "300 s", .help = "accepted age of secureTimeStamp"},
    {"registration", TYPE_SECTION, NSCL, .section = &clamp, .help = "clamps of expirationTime"},
    {"poll_timer", TYPE_TIME, NSCL, AT(server.poll_timer), .min = SIM_S, .max = SCHEMA_YEAR, .standard = "5 min",
     .help = "how long it holds a long poll that there is nothing to answer with"},
    {"resumption", TYPE_SECTION, NSCL, .section = &resumption,
     .help = "what it resumes sessions of mId from; in memory, so that an outage is its end"},
    {"hand_on_timeout", TYPE_TIME, NSCL, AT(server.hand_on_timeout), .min = 10 * SIM_MS, .max = SCHEMA_YEAR, .standard = "30 s",
     .help = "until a request that it has handed on to another SCL is answered 504"},
    {"max_instances", TYPE_COUNT, NSCL, AT(server.max_instances), .min = 1, .max = 100000000, .none = "unlimited",
     .standard = "10", .help = "maxNrOfInstances of a container whose creator says none"},
    {"max_instances", TYPE_COUNT, GATEWAY, AT(device.store.max_instances), .min = 1, .max = 100000000, .none = "unlimited",
     .standard = "10", .help = "the same, of containers at the gateway itself"},
    {"certificate_life", TYPE_TIME, MSBF | MAS, AT(server.certificate_life), .min = SIM_S, .max = 100 * SCHEMA_YEAR,
     .standard = "5 y", .help = "of its certificate and those of its fleet"},
    {"mid_security", TYPE_SETS, MAS, AT(server.mid_security), .words = grants, .none = "any", .standard = "any",
     .help = "what it grants for mId, in its order, as [channel, object-sign+object-encrypt]: a device's wish that is "
             "not among these gets the first"},
    {"mas", TYPE_POPULATION, MSBF, AT(server.mas), .kind = CFG_MAS,
     .derived = "the only population of kind mas", .help = "the MAS it hands Kmr to"},
    {"nscl", TYPE_POPULATION, APPLICATION, AT(server.nscl), .kind = CFG_NSCL,
     .derived = "the only population of kind nscl",
     .help = "the NSCL it uses over mIa; of several servers the one of its own number"},
    {"behind", TYPE_POPULATION, APPLICATION, AT(server.application.behind), .kind = CFG_GATEWAY,
     .derived = "none: it is at its NSCL",
     .help = "the application is on a device of its own, on dIa: number i uses the tree of gateway i modulo their number, and is notified by it"},
    {"devices", TYPE_POPULATION, APPLICATION, AT(server.application.devices), .kind = SCHEMA_IN_FIELD,
     .derived = "the only population of kind device, or of kind gateway where there is none of devices",
     .help = "those whose containers it is about: of gateways, their own and those of all devices behind them"},
    {"subscribe", TYPE_BOOL, APPLICATION, AT(server.application.subscribe), .standard = "no",
     .help = "to the contentInstances of each of their containers"},
    {"follow", TYPE_POPULATION, APPLICATION, AT(server.application.follow), .kind = CFG_LOCAL, .derived = "none",
     .help = "devices to whose containers it subscribes in their gateways' own trees, over its NSCL, which hands on "
             "what the gateways notify; these need `mid.channel: long-poll`"},
    {"spacing", TYPE_TIME, APPLICATION, AT(server.application.spacing), .max = SCHEMA_YEAR, .standard = "0 s",
     .help = "minimalTimeBetweenNotifications of a subscription: what comes sooner waits, and only the latest is told"},
    {"read", TYPE_SECTION, APPLICATION, .section = &read_section, .help = "RETRIEVE of their contentInstances"},
    {"command", TYPE_SECTION, APPLICATION, .section = &command_section,
     .help = "EXECUTE of a mgmtCmd of theirs; they need `mid.channel: long-poll`"},
    {"actuate", TYPE_SECTION, APPLICATION, .section = &actuate_section,
     .help = "requests to actuators behind gateways, which NSCL and gateway hand on; these need `mid.channel: long-poll`"},
    {"start", TYPE_TIME, APPLICATION, AT(server.application.start), .max = 100 * SCHEMA_YEAR, .standard = "0 s",
     .help = "it registers with the NSCL then"},
    {"retry", TYPE_TIME, APPLICATION, AT(server.application.retry), .min = SIM_S, .max = SCHEMA_YEAR, .standard = "30 s",
     .help = "until it asks again for what failed or was not there yet"},
    {"timeout", TYPE_TIME, APPLICATION, AT(server.application.timeout), .min = 10 * SIM_MS, .max = SCHEMA_YEAR,
     .standard = "60 s", .help = "how long it waits for an answer"},
    {"nscl", TYPE_POPULATION, MAS, AT(server.nscl), .kind = CFG_NSCL,
     .derived = "the only population of kind nscl", .help = "the NSCL it hands Kmc to"},
    {"hss", TYPE_POPULATION, MAS, AT(server.hss), .kind = CFG_HSS,
     .derived = "the only population of kind hss, if devices use EAP with a UICC",
     .help = "the HSS or HLR it asks for triplets and vectors"},
    {"hss", TYPE_POPULATION, BSF | ACCESS, AT(server.hss), .kind = CFG_HSS,
     .derived = "the only population of kind hss", .help = "the HSS it asks for vectors (Zh, S6a)"},
    {"kms", TYPE_POPULATION, MAS, AT(server.kms), .kind = CFG_KMS,
     .derived = "the only population of kind kms, if there is one and devices use eap-ibake",
     .help = "the key-management server that gives it its private keys of each half-year; without one it has them from the start"},
    {"key_lifetime", TYPE_TIME, BSF, AT(server.key_lifetime), .min = SIM_S, .max = 100 * SCHEMA_YEAR,
     .standard = "30 d", .help = "of Ks, and so the longest of a Kmr or Kmc by GBA; where the HSS says none"},
    {"key_lifetime", TYPE_TIME, HSS, AT(server.key_lifetime), .max = 100 * SCHEMA_YEAR, .standard = "0 s",
     .help = "of Ks, by the subscribers' GBA settings (GUSS); 0 s: the BSF's own"},
    {"attach_life", TYPE_TIME, ACCESS, AT(server.attach_life), .min = 2 * SIM_S, .max = 9920 * 3600 * SIM_S,
     .standard = "12 h", .help = "how long an attach is good for; rounded down to what GPRS timer 3 can say (TS 24.008 10.5.7.4a)"},
    {"latency", TYPE_TIME, HSS | KMS, AT(server.latency), .max = SCHEMA_YEAR, .standard = "0 s",
     .help = "until it answers, beside the work of its processors"},
    SCHEMA_END};
const struct schema_section schema_population = {population_keys, NULL};
