// The audit log: what people and services did with accounts, in a chain of hashes.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/pg/connection.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct AuditEntry {
    int64_t id = 0;
    std::string at;  // RFC 3339, UTC, with microseconds
    std::string actor;
    std::string via;      // the program
    std::string service;  // of an account: imap, smtp …; "directory" for changes of it
    std::string action;
    std::string resource;  // the address or domain that it is about
    std::string address;   // the network address that it came from; "" not known
    bool success = true;
    std::string error;
    std::string data;  // JSON; "" none
};

struct AuditListOptions {
    std::string resource;  // empty: all
    std::string actor;
    std::string action;
    int64_t before = 0;  // only entries with a smaller id: the last one of the previous page
    size_t limit = 100;
};

// Adds a row to the transaction that is open. It takes the log's lock until that ends: the last
// thing to do in it. `data` is JSON or empty, and never has a password or a hash.
Status audit_write(Connection& connection, std::string_view action, std::string_view resource,
                   std::string_view data = {});

// Newest first.
Result<std::vector<AuditEntry>> audit_list(Connection& connection,
                                           const AuditListOptions& options = {});

// The first entry that is not what was written; nullopt: all are.
Result<std::optional<int64_t>> audit_first_broken(Connection& connection);

}  // namespace gatepost::controlplane
