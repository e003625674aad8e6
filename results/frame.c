#include "results/frame.h"

#include <string.h>

enum {
    IP_HEADER = 20,
    TCP_HEADER = 20,
    UDP_HEADER = 8,
    PROTOCOL_TCP = 6,
    PROTOCOL_UDP = 17,
    TTL = 64,
    WINDOW_SHIFT = 7,
    OCTETS_MAX = 65535
};
/* TCP options, by number (RFC 9293 3.2, RFC 7323, RFC 2018). */
enum {
    NO_OPERATION = 1,
    MAXIMUM_SEGMENT = 2,
    WINDOW_SCALE = 3,
    SACK_PERMITTED = 4,
    SACK = 5,
    TIMES = 8
};

static uint8_t *put16(uint8_t *p, uint32_t v)
{
    p[0] = (uint8_t)(v >> 8);
    p[1] = (uint8_t)v;
    return p + 2;
}

static uint8_t *put32(uint8_t *p, uint32_t v)
{
    return put16(put16(p, v >> 16), v);
}

/* RFC 1071: the sum of 16-bit words, not yet folded. */
static uint64_t sum(uint64_t so_far, const uint8_t *p, size_t n)
{
    for (size_t i = 0; i + 1 < n; i += 2)
        so_far += (uint32_t)(p[i] << 8 | p[i + 1]);
    return n % 2 ? so_far + (uint32_t)(p[n - 1] << 8) : so_far;
}

static uint16_t fold(uint64_t total)
{
    while (total >> 16)
        total = (total & 0xffff) + (total >> 16);
    return (uint16_t)~total;
}

static uint32_t address(uint32_t host)
{
    return 0x0a000001u + host;
}

static uint64_t pseudo_header(const struct frame_ip *ip, uint32_t protocol, size_t n)
{
    uint8_t p[12];

    put32(put32(p, address(ip->from)), address(ip->to));
    put16(put16(p + 8, protocol), (uint32_t)n);
    return sum(0, p, sizeof p);
}

/* Ethernet and IPv4; fragment: the field of flags and offset. */
static uint8_t *put_ip(const struct frame_ip *ip, uint32_t protocol, uint32_t fragment,
                       uint8_t *out)
{
    uint8_t *p = put16(out, 0x0200), *header;

    p = put16(put32(p, address(ip->to)), 0x0200);
    p = put16(put32(p, address(ip->from)), 0x0800);
    header = p;
    p = put16(put16(put16(p, 0x4500), ip->octets), ip->id);
    p = put16(put16(p, fragment), TTL << 8 | protocol);
    p = put32(put32(put16(p, 0), address(ip->from)), address(ip->to));
    put16(header + 10, fold(sum(0, header, IP_HEADER)));
    return p;
}

static bool has_addresses(const struct frame_ip *ip)
{
    return ip->from < FRAME_HOSTS && ip->to < FRAME_HOSTS && ip->octets <= OCTETS_MAX;
}

/* ---- TCP ---- */

/* Room for options, and what is in it. */
struct options {
    uint8_t octets[40];
    size_t n, room;
};

static uint8_t *take(struct options *o, size_t n)
{
    uint8_t *p = o->octets + o->n;

    if (o->n + n > o->room)
        return NULL;
    o->n += n;
    return p;
}

static void put_times(struct options *o, const struct frame_tcp *t)
{
    uint8_t *p = take(o, 10);

    if (p)
        put32(put32(put16(p, TIMES << 8 | 10), t->time_stamp), t->time_stamp_echo);
}

static void put_syn_options(struct options *o, const struct frame_tcp *t)
{
    uint8_t *p;

    /* What room is left after time stamps, SACK and scale decides about the segment size. */
    if (o->room >= 20 && (p = take(o, 4)))
        put16(put16(p, MAXIMUM_SEGMENT << 8 | 4), t->mss);
    if ((p = take(o, 2)))
        put16(p, SACK_PERMITTED << 8 | 2);
    put_times(o, t);
    if (t->scaled && (p = take(o, 4))) {
        p = put16(p, NO_OPERATION << 8 | WINDOW_SCALE);
        put16(p, 3 << 8 | WINDOW_SHIFT);
    }
}

static void put_other_options(struct options *o, const struct frame_tcp *t)
{
    uint8_t *p;

    if (o->room >= 12 && (p = take(o, 2))) {
        put16(p, NO_OPERATION << 8 | NO_OPERATION);
        put_times(o, t);
    }
    if (t->sack_count == 0 || !(p = take(o, 4 + 8 * (size_t)t->sack_count)))
        return;
    p = put16(p, NO_OPERATION << 8 | NO_OPERATION);
    p = put16(p, SACK << 8 | (2 + 8 * t->sack_count));
    for (unsigned i = 0; i < t->sack_count; i++)
        p = put32(put32(p, t->sack[i][0]), t->sack[i][1]);
}

static uint32_t window_field(const struct frame_tcp *t)
{
    uint32_t w = t->scaled && !(t->flags & FRAME_SYN) ? t->window >> WINDOW_SHIFT : t->window;

    return w < 65535 ? w : 65535;
}

size_t frame_tcp(const struct frame_ip *ip, const struct frame_tcp *t, struct span text,
                 uint8_t *out)
{
    struct options o = {.n = 0};
    uint8_t *tcp, *p;
    size_t all;

    if (!has_addresses(ip) || ip->octets < IP_HEADER + TCP_HEADER + text.n ||
        t->sack_count > FRAME_SACK_BLOCKS)
        return 0;
    o.room = ip->octets - IP_HEADER - TCP_HEADER - text.n;
    if (o.room > sizeof o.octets || o.room % 4 != 0)
        return 0;
    if (t->flags & FRAME_SYN)
        put_syn_options(&o, t);
    else
        put_other_options(&o, t);
    memset(o.octets + o.n, NO_OPERATION, o.room - o.n);
    tcp = put_ip(ip, PROTOCOL_TCP, 0x4000, out);
    p = put16(put16(tcp, ip->from_port), ip->to_port);
    p = put32(put32(p, t->seq), t->flags & FRAME_ACK ? t->ack : 0);
    p = put16(p, (uint32_t)((TCP_HEADER + o.room) / 4) << 12 |
                     (t->flags & (FRAME_FIN | FRAME_SYN | FRAME_RST | FRAME_ACK)) |
                     (text.n > 0 ? 8u : 0u));
    p = put32(put16(p, window_field(t)), 0);
    memcpy(p, o.octets, o.room);
    if (text.n > 0)
        memcpy(p + o.room, text.p, text.n);
    all = TCP_HEADER + o.room + text.n;
    put16(tcp + 16, fold(sum(pseudo_header(ip, PROTOCOL_TCP, all), tcp, all)));
    return FRAME_ETHERNET + ip->octets;
}

/* ---- UDP ---- */

size_t frame_udp(const struct frame_ip *ip, struct span datagram, uint32_t offset, bool more,
                 uint8_t *out)
{
    uint8_t header[UDP_HEADER], *p;
    size_t all = UDP_HEADER + datagram.n, n = ip->octets - IP_HEADER, head = 0;
    uint16_t check;

    if (!has_addresses(ip) || ip->octets < IP_HEADER || all > OCTETS_MAX || offset % 8 != 0 ||
        offset + n > all)
        return 0;
    put16(put16(put16(put16(header, ip->from_port), ip->to_port), (uint32_t)all), 0);
    check = fold(sum(sum(pseudo_header(ip, PROTOCOL_UDP, all), header, sizeof header), datagram.p,
                     datagram.n));
    put16(header + 6, check ? check : 0xffff); /* 0 would say: none */
    p = put_ip(ip, PROTOCOL_UDP, (more ? 0x2000u : 0u) | offset / 8, out);
    if (offset == 0) {
        head = n < UDP_HEADER ? n : UDP_HEADER;
        memcpy(p, header, head);
    }
    if (n > head)
        memcpy(p + head, datagram.p + (offset ? offset - UDP_HEADER : 0), n - head);
    return FRAME_ETHERNET + ip->octets;
}
