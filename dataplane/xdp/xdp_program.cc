#include "dataplane/xdp/xdp_program.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <net/if.h>
#include <sys/ioctl.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <set>
#include <string_view>

#include "dataplane/xdp/attached_program.h"
#include "dataplane/xdp/interface_lock.h"

namespace gatepost::dataplane {

namespace {

// xdp53.bpf.c, compiled; libbpf wants an ELF file at an aligned address.
alignas(8) constexpr unsigned char kProgram[] = {
#include <xdp53_octets.h>
};

// As in xdp53.bpf.c.
struct Key {
    uint8_t address[16];
    uint16_t port;  // network order
    uint16_t unused;
};

struct CloseObject {
    void operator()(bpf_object* object) const { ::bpf_object__close(object); }
};

Key key_of(const ServedEndpoint& endpoint) {
    Key key{};
    std::copy(endpoint.address.begin(), endpoint.address.end(), key.address);
    key.port = htons(endpoint.port);
    return key;
}

ServedEndpoint endpoint_of(const Key& key) {
    ServedEndpoint endpoint;
    std::copy(std::begin(key.address), std::end(key.address), endpoint.address.begin());
    endpoint.port = ntohs(key.port);
    return endpoint;
}

tl::unexpected<Error> refuse(const XdpProgramOptions& options, std::string_view what, int error) {
    std::string_view advice;
    if (error == EPERM || error == EACCES)
        advice =
            "; it needs root, or the capabilities NET_ADMIN, NET_RAW, BPF, PERFMON and IPC_LOCK";
    else if (error == EOPNOTSUPP || error == EINVAL)
        advice = "; this driver may not have it: try xdp_mode = \"generic\"";
    return fail(error == EPERM || error == EACCES ? ErrorCode::permission : ErrorCode::refused,
                "{} on interface {}: {}{}", what, options.interface, std::strerror(error), advice);
}

// Whoever has the interface's lock is the only one of us: a program of our name is left over.
Status clear_stale(const XdpProgramOptions& options, unsigned index) {
    AttachedProgram there = attached_program(index);
    if (there.id == 0) return {};
    if (there.name != kXdpProgramName)
        return fail(ErrorCode::refused,
                    "interface {} has an XDP program already, '{}' (id {}), which is not ours; if "
                    "nobody needs it: ip link set dev {} xdp off",
                    options.interface, there.name, there.id, options.interface);
    int error = ::bpf_xdp_detach(static_cast<int>(index), there.flags, nullptr);
    if (error == 0) return {};
    return refuse(options, "removing the stale program xdp53", -error);
}

// Gives the link's descriptor, or a negative error number.
int attach_link(int program, unsigned index, uint32_t flags) {
    bpf_link_create_opts about{};
    about.sz = sizeof about;
    about.flags = flags;
    return ::bpf_link_create(program, static_cast<int>(index), BPF_XDP, &about);
}

int attach_link(int program, unsigned index, XdpMode mode) {
    if (mode == XdpMode::generic) return attach_link(program, index, XDP_FLAGS_SKB_MODE);
    int link = attach_link(program, index, XDP_FLAGS_DRV_MODE);
    // A driver may know XDP and still refuse it as the interface is set up now (MTU, queues).
    if (link >= 0 || link == -EPERM || mode == XdpMode::native) return link;
    return attach_link(program, index, XDP_FLAGS_SKB_MODE);
}

bool is_loopback(const std::string& interface) {
    UniqueFd fd(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    ifreq about{};
    interface.copy(about.ifr_name, sizeof about.ifr_name - 1);
    return ::ioctl(fd.get(), SIOCGIFFLAGS, &about) == 0 && (about.ifr_flags & IFF_LOOPBACK) != 0;
}

}  // namespace

Result<ServedEndpoint> parse_endpoint(const std::string& address, uint16_t port) {
    ServedEndpoint endpoint;
    endpoint.port = port;
    if (::inet_pton(AF_INET6, address.c_str(), endpoint.address.data()) == 1) return endpoint;
    if (::inet_pton(AF_INET, address.c_str(), endpoint.address.data() + 12) == 1) {
        endpoint.address[10] = endpoint.address[11] = 0xff;
        return endpoint;
    }
    return fail(ErrorCode::usage, "'{}' is not an IPv4 or IPv6 address", address);
}

struct XdpProgram::Loaded {
    UniqueFd lock;
    std::unique_ptr<bpf_object, CloseObject> object;
    int xsks_map = -1;  // the object's
    int served = -1;    // the object's
    UniqueFd link;
    unsigned index = 0;
    bool native = false;
    std::set<ServedEndpoint> endpoints;
};

XdpProgram::XdpProgram(std::unique_ptr<Loaded> loaded) : loaded_(std::move(loaded)) {}
XdpProgram::XdpProgram(XdpProgram&&) noexcept = default;
XdpProgram& XdpProgram::operator=(XdpProgram&&) noexcept = default;
XdpProgram::~XdpProgram() = default;

Result<XdpProgram> XdpProgram::attach(const XdpProgramOptions& options) {
    auto loaded = std::make_unique<Loaded>();
    loaded->index = ::if_nametoindex(options.interface.c_str());
    if (loaded->index == 0)
        return fail(ErrorCode::usage, "there is no interface {}; 'ip link' lists those there are",
                    options.interface);
    if (is_loopback(options.interface))
        return fail(
            ErrorCode::usage,
            "{} is the loopback interface: what this host asks itself stays with the kernel's "
            "sockets, and poll mode would drop it; take its [[nic]] out of the configuration",
            options.interface);
    auto lock = lock_interface(options.interface);
    if (!lock) return tl::unexpected(lock.error());
    loaded->lock = std::move(*lock);
    if (Status clear = clear_stale(options, loaded->index); !clear)
        return tl::unexpected(clear.error());

    ::libbpf_set_print(nullptr);
    bpf_object* object = ::bpf_object__open_mem(kProgram, sizeof kProgram, nullptr);
    if (object == nullptr) return refuse(options, "reading the program xdp53", errno);
    loaded->object.reset(object);
    bpf_map* sockets = ::bpf_object__find_map_by_name(object, "xsks_map");
    ::bpf_map__set_max_entries(sockets, options.queues);
    if (int error = ::bpf_object__load(object); error != 0)
        return refuse(options, "loading the program xdp53", -error);
    loaded->xsks_map = ::bpf_map__fd(sockets);
    loaded->served = ::bpf_object__find_map_fd_by_name(object, "served");
    int program = ::bpf_program__fd(::bpf_object__find_program_by_name(object, kXdpProgramName));

    int link = attach_link(program, loaded->index, options.mode);
    if (link < 0) return refuse(options, "attaching the program xdp53", -link);
    loaded->link = UniqueFd(link);
    loaded->native = attached_program(loaded->index).native;
    return XdpProgram(std::move(loaded));
}

Status XdpProgram::serve(const std::vector<ServedEndpoint>& endpoints) {
    std::set<ServedEndpoint> wanted(endpoints.begin(), endpoints.end());
    for (const ServedEndpoint& one : wanted) {
        Key key = key_of(one);
        uint8_t value = 1;
        if (::bpf_map_update_elem(loaded_->served, &key, &value, BPF_ANY) != 0)
            return fail(ErrorCode::refused, "adding a served address to the XDP program: {}",
                        std::strerror(errno));
    }
    for (const ServedEndpoint& one : loaded_->endpoints) {
        Key key = key_of(one);
        if (!wanted.contains(endpoint_of(key))) ::bpf_map_delete_elem(loaded_->served, &key);
    }
    loaded_->endpoints = std::move(wanted);
    return {};
}

int XdpProgram::xsks_map() const {
    return loaded_->xsks_map;
}

bool XdpProgram::is_native() const {
    return loaded_->native;
}

bool XdpProgram::is_attached() const {
    bpf_link_info info{};
    uint32_t length = sizeof info;
    // The link of an interface that is gone has lost its interface's number.
    return ::bpf_obj_get_info_by_fd(loaded_->link.get(), &info, &length) == 0 &&
           info.xdp.ifindex == loaded_->index;
}

}  // namespace gatepost::dataplane
