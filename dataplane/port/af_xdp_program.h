// The XDP program of DPDK's AF_XDP devices belongs to the supervisor, which attaches it once and
// keeps it for as long as the instance runs: queries then reach the kernel's sockets whenever no
// poll-mode process is there, and no restart touches the interface.
//
// DPDK 22.11 knows only programs that it loads, attaches and detaches itself. Its calls of libbpf
// are therefore redirected to here (--wrap, meson.build). With a map given, they take note of the
// device's sockets and do nothing else: a socket goes into the map once its worker is ready.
// Without, they are what they were.
#pragma once

#include "storage/base/error.h"

namespace gatepost::dataplane {

// `fd`: the program's `xsks_map`, one entry per queue of the interface; -1: DPDK's own way again.
// Before a device is opened.
void use_xsks_map(int fd);
bool uses_xsks_map();
// The socket of the device opened last for that queue; -1: none.
int xsk_of_queue(unsigned queue);
// Puts the queue's socket into the map: from then on its queries come here.
Status enter_xsks_map(unsigned queue);
// Takes it out again: from then on they go to the kernel.
Status leave_xsks_map(unsigned queue);

}  // namespace gatepost::dataplane
