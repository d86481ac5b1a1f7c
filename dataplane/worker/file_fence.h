// What files the process can reach from here on: those in one folder, or none at all (Landlock).
// io_uring requests pass the system-call filter by; this they do not.
#pragma once

#include "storage/base/error.h"

namespace gatepost::dataplane {

// `directory_fd` -1: no folder. Files may be made, read, written and removed in the folder itself.
// For the calling thread and those that it starts later. A kernel without Landlock is told in the
// log and is no error: user and permissions hold there still.
Status fence_files(int directory_fd);

}  // namespace gatepost::dataplane
