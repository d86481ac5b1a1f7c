// xdp53: DNS over UDP to the poll-mode workers, everything else to the kernel.
//
// A frame goes to the AF_XDP socket of its receive queue if it is a whole UDP datagram, over IPv4
// or IPv6, with up to two VLAN tags, to an address and port that are served here (`served`). It goes
// to the kernel if it is anything else: ARP, TCP, fragments, other hosts' traffic that this one
// forwards. It goes to the kernel, too, where no socket is in `xsks_map`: while no poll-mode process
// runs, the kernel's own DNS sockets get the queries.
#include <linux/bpf.h>
#include <linux/if_ether.h>
#include <linux/in.h>
#include <linux/ip.h>
#include <linux/ipv6.h>
#include <linux/udp.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

// Must be the same as in xdp_program.cc.
struct endpoint {
    __u8 address[16];  // IPv4 ones mapped (RFC 4291 §2.5.5.2)
    __be16 port;
    __u16 unused;
};

struct {
    __uint(type, BPF_MAP_TYPE_XSKMAP);
    __uint(max_entries, 256);  // receive queues; the loader lowers it to what the interface has
    __type(key, __u32);
    __type(value, __u32);
} xsks_map SEC(".maps");

struct {
    __uint(type, BPF_MAP_TYPE_HASH);
    __uint(max_entries, 1024);
    __type(key, struct endpoint);
    __type(value, __u8);
} served SEC(".maps");

#define VLAN_TAGS_MAX 2
#define EXTENSION_HEADERS_MAX 4

struct vlan_tag {
    __be16 control;
    __be16 type;
};

struct extension_header {
    __u8 next;
    __u8 length;  // in units of 8 octets, the first one not counted (RFC 8200 §4.3)
};

static __always_inline int is_served(const struct udphdr *udp, const void *end,
                                     struct endpoint *to) {
    if ((const void *)(udp + 1) > end)
        return 0;
    to->port = udp->dest;
    return bpf_map_lookup_elem(&served, to) != 0;
}

static __always_inline int ipv4_served(const struct iphdr *ip, const void *end) {
    struct endpoint to = {};
    if ((const void *)(ip + 1) > end)
        return 0;
    if (ip->protocol != IPPROTO_UDP || ip->ihl < 5)
        return 0;
    // Any fragment: only the kernel can put them together.
    if (ip->frag_off & bpf_htons(0x3fff))
        return 0;
    to.address[10] = 0xff;
    to.address[11] = 0xff;
    __builtin_memcpy(to.address + 12, &ip->daddr, 4);
    return is_served((const void *)ip + ip->ihl * 4, end, &to);
}

static __always_inline int ipv6_served(const struct ipv6hdr *ip, const void *end) {
    struct endpoint to = {};
    const void *at = ip + 1;
    if (at > end)
        return 0;
    __u8 next = ip->nexthdr;
    for (int i = 0; i < EXTENSION_HEADERS_MAX && next != IPPROTO_UDP; i++) {
        const struct extension_header *header = at;
        // Hop-by-hop and destination options; a fragment or anything else is the kernel's.
        if ((next != IPPROTO_HOPOPTS && next != IPPROTO_DSTOPTS) || (const void *)(header + 1) > end)
            return 0;
        next = header->next;
        at += 8 + header->length * 8;
    }
    if (next != IPPROTO_UDP)
        return 0;
    __builtin_memcpy(to.address, &ip->daddr, 16);
    return is_served(at, end, &to);
}

SEC("xdp")
int xdp53(struct xdp_md *frame) {
    const void *end = (const void *)(long)frame->data_end;
    const struct ethhdr *link = (const void *)(long)frame->data;
    const void *at = link + 1;
    if (at > end)
        return XDP_PASS;
    __be16 type = link->h_proto;
    for (int i = 0; i < VLAN_TAGS_MAX; i++) {
        if (type != bpf_htons(ETH_P_8021Q) && type != bpf_htons(ETH_P_8021AD))
            break;
        const struct vlan_tag *tag = at;
        if ((const void *)(tag + 1) > end)
            return XDP_PASS;
        type = tag->type;
        at = tag + 1;
    }
    int ours = 0;
    if (type == bpf_htons(ETH_P_IP))
        ours = ipv4_served(at, end);
    else if (type == bpf_htons(ETH_P_IPV6))
        ours = ipv6_served(at, end);
    if (!ours)
        return XDP_PASS;
    // Its last argument is what happens where no socket is there.
    return bpf_redirect_map(&xsks_map, frame->rx_queue_index, XDP_PASS);
}

char xdp53_license[] SEC("license") = "Dual BSD/GPL";
