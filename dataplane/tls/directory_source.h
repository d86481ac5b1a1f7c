// Makes a worker's IdentitySource over the directory arena (directory_identities.h), without a need
// for BoringSSL's headers.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string_view>

#include "dataplane/tls/identity_source.h"
#include "dataplane/tls/sealing_keys.h"
#include "dataplane/tls/self_signed.h"
#include "storage/arena/stream_counters.h"
#include "storage/base/error.h"
#include "storage/directory/directory_view.h"

namespace gatepost::dataplane {

// The directory at this moment.
struct DirectoryNow {
    const storage::DirectoryView* view = nullptr;  // null: there is none yet
    uint64_t generation = 0;                       // another arena has another one
};

struct DirectoryIdentitiesOptions {
    // Asked at each find(); the worker is an online QSBR reader of what it gives.
    std::function<DirectoryNow()> directory;
    std::function<int64_t()> clock_s;  // seconds since 1970
    // Told of what cannot be used, once each time that it is loaded. `name` is the directory's key.
    std::function<void(std::string_view name, const Error& error)> report;
};

// All of them outlive it.
std::unique_ptr<IdentitySource> make_directory_identities(DirectoryIdentitiesOptions options,
                                                          const SealingKeys& keys,
                                                          SelfSignedIdentity& self_signed,
                                                          storage::StreamCounters& counters);

}  // namespace gatepost::dataplane
