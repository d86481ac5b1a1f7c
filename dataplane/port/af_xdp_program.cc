#include "dataplane/port/af_xdp_program.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <linux/if_link.h>
#include <linux/if_xdp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

extern "C" int __real_bpf_map_update_elem(int fd, const void* key, const void* value, __u64 flags);

namespace gatepost::dataplane {

namespace {

constexpr size_t kQueuesMax = 256;

struct Shared {
    int map_fd = -1;
    std::array<int, kQueuesMax> sockets = [] {
        std::array<int, kQueuesMax> none;
        none.fill(-1);
        return none;
    }();
};
// Set up before any queue's thread runs, by the thread that opens the devices.
Shared shared;

// What DPDK holds for the program and its map: it only hands them back.
char stand_in;

bool foreign() {
    return shared.map_fd >= 0;
}

}  // namespace

void use_xsks_map(int fd) {
    shared.map_fd = fd;
}

bool uses_xsks_map() {
    return foreign();
}

int xsk_of_queue(unsigned queue) {
    return queue < kQueuesMax ? shared.sockets[queue] : -1;
}

Status enter_xsks_map(unsigned queue) {
    if (!foreign() || xsk_of_queue(queue) < 0) return {};
    int socket = xsk_of_queue(queue);
    if (__real_bpf_map_update_elem(shared.map_fd, &queue, &socket, 0) == 0) return {};
    return fail(ErrorCode::refused, "putting queue {} into the XDP program's map: {}", queue,
                std::strerror(errno));
}

Status leave_xsks_map(unsigned queue) {
    if (!foreign()) return {};
    if (::bpf_map_delete_elem(shared.map_fd, &queue) == 0 || errno == ENOENT) return {};
    return fail(ErrorCode::refused, "taking queue {} out of the XDP program's map: {}", queue,
                std::strerror(errno));
}

}  // namespace gatepost::dataplane

using namespace gatepost::dataplane;

extern "C" {

// NOLINTBEGIN(bugprone-reserved-identifier): the names that --wrap makes.
bpf_object* __real_bpf_object__open_file(const char* path, const bpf_object_open_opts* options);
bpf_program* __real_bpf_object__next_program(const bpf_object* object, bpf_program* program);
bpf_map* __real_bpf_object__find_map_by_name(const bpf_object* object, const char* name);
int __real_bpf_object__load(bpf_object* object);
void __real_bpf_object__close(bpf_object* object);
int __real_bpf_program__fd(const bpf_program* program);
int __real_bpf_map__fd(const bpf_map* map);
int __real_bpf_xdp_attach(int interface, int fd, __u32 flags, const bpf_xdp_attach_opts* options);
int __real_bpf_xdp_detach(int interface, __u32 flags, const bpf_xdp_attach_opts* options);

bpf_object* __wrap_bpf_object__open_file(const char* path, const bpf_object_open_opts* options) {
    if (!foreign()) return __real_bpf_object__open_file(path, options);
    return reinterpret_cast<bpf_object*>(&stand_in);
}

bpf_program* __wrap_bpf_object__next_program(const bpf_object* object, bpf_program* program) {
    if (!foreign()) return __real_bpf_object__next_program(object, program);
    return reinterpret_cast<bpf_program*>(&stand_in);
}

bpf_map* __wrap_bpf_object__find_map_by_name(const bpf_object* object, const char* name) {
    if (!foreign()) return __real_bpf_object__find_map_by_name(object, name);
    return reinterpret_cast<bpf_map*>(&stand_in);
}

int __wrap_bpf_object__load(bpf_object* object) {
    return foreign() ? 0 : __real_bpf_object__load(object);
}

void __wrap_bpf_object__close(bpf_object* object) {
    if (!foreign()) __real_bpf_object__close(object);
}

int __wrap_bpf_program__fd(const bpf_program* program) {
    return foreign() ? shared.map_fd : __real_bpf_program__fd(program);
}

int __wrap_bpf_map__fd(const bpf_map* map) {
    return foreign() ? shared.map_fd : __real_bpf_map__fd(map);
}

// The one call that matters: here the device's sockets show themselves.
int __wrap_bpf_map_update_elem(int fd, const void* key, const void* value, __u64 flags) {
    unsigned queue = 0;
    int socket = -1;
    std::memcpy(&queue, key, sizeof queue);
    std::memcpy(&socket, value, sizeof socket);
    if (queue < kQueuesMax) shared.sockets[queue] = socket;
    return foreign() ? 0 : __real_bpf_map_update_elem(fd, key, value, flags);
}

int __wrap_bpf_xdp_attach(int interface, int fd, __u32 flags, const bpf_xdp_attach_opts* options) {
    return foreign() ? 0 : __real_bpf_xdp_attach(interface, fd, flags, options);
}

int __wrap_bpf_xdp_detach(int interface, __u32 flags, const bpf_xdp_attach_opts* options) {
    return foreign() ? 0 : __real_bpf_xdp_detach(interface, flags, options);
}
// NOLINTEND(bugprone-reserved-identifier)

}  // extern "C"
