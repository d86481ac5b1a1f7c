// One look of the keeper at the database: makes the self-signed certificates that are missing, and
// tells which certificates run out.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"
#include "storage/secret/sealed.h"

namespace gatepost::controlplane {

struct KeptCertificates {
    bool is_busy = false;           // another edge is at it: nothing was looked at
    std::vector<std::string> made;  // domains
    bool is_complete = true;        // false: there is more to be made
};

// Sees to it that each of these has a self-signed certificate that is good for more than
// kSelfSignedRenewDays: the server's own name ("": none), every domain that a service's type is
// pinned for, every domain that has one already, and every domain whose other certificates all run
// out within that time. In one transaction, under a lock that the edges of one database share.
//
// Not every zone: a server may have a hundred thousand, of which next to none is asked for by TLS
// clients, who come by the server's name; and each certificate would be renewed, sent to every edge
// and kept in memory there.
Result<KeptCertificates> keep_self_signed(Connection& connection, const storage::KeyRing& ring,
                                          const std::string& server_name, int64_t now_s);

struct ExpiringCertificate {
    int64_t id = 0;
    std::string domain;
    std::string type;
    std::string not_after;  // RFC 3339, UTC
    int64_t days_left = 0;  // negative: it has run out
    std::vector<std::string> used_by;
};

// Those in use that end within kExpiryWarningDays, the first to end first; at most `limit`. Without
// the self-signed ones, which are renewed.
Result<std::vector<ExpiringCertificate>> expiring_certificates(Connection& connection, int limit);

struct ForeignKeys {
    int64_t count = 0;   // certificates whose keys the ring does not open
    std::string domain;  // of one of them
    std::string key;     // that this one is sealed with
};
Result<ForeignKeys> certificates_of_other_keys(Connection& connection,
                                               const storage::KeyRing& ring);

}  // namespace gatepost::controlplane
