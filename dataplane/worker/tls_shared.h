// What the TLS contexts of all workers of the process share. Made by the main thread before root is
// given up: the key file is its owner's alone.
#pragma once

#include <memory>
#include <string>

#include "dataplane/tls/sealing_keys.h"
#include "dataplane/tls/self_signed.h"
#include "dataplane/tls/ticket_keys.h"
#include "storage/base/error.h"
#include "storage/base/unique_fd.h"

namespace gatepost::dataplane {

struct TlsShared {
    SealingKeys keys;
    TicketKeys tickets;
    std::unique_ptr<SelfSignedIdentity> self_signed;

    // `key_file` "": none, and only the process's own certificate can be used. One that is not
    // there yet, or cannot be read, is told in the log: DNS is served without it.
    Status open(const std::string& key_file, const std::string& server_name);
    // Another key file, open for reading, in place of the one before: what is sealed with its keys
    // can be used from now on.
    void take_keys(const UniqueFd& key_file);
};

}  // namespace gatepost::dataplane
