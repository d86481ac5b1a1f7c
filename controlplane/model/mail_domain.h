// Domains that this system takes mail for.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct MailDomain {
    int64_t id = 0;
    std::string name;  // lower case, A-labels, without the last dot
    bool active = true;
    std::string alias_of;  // "": none
    std::string display_name;
    std::string short_display_name;
    std::string imap_host;  // "": by rule, so are the others
    std::string pop_host;
    std::string smtp_host;
    std::string subaddress_delimiters = "+";
    uint64_t default_quota_bytes = 0;     // 0: none
    uint64_t default_quota_messages = 0;  // 0: none
    std::string created_at;               // RFC 3339, UTC
    std::string created_by;
    uint64_t accounts = 0;  // without the bin
    uint64_t aliases = 0;

    bool operator==(const MailDomain&) const = default;
};

// What is to be as given; the rest stays.
struct MailDomainChange {
    std::optional<bool> active;
    std::optional<std::string> alias_of;  // "": of none any more
    std::optional<std::string> display_name;
    std::optional<std::string> short_display_name;
    std::optional<std::string> imap_host;
    std::optional<std::string> pop_host;
    std::optional<std::string> smtp_host;
    std::optional<std::string> subaddress_delimiters;
    std::optional<uint64_t> default_quota_bytes;
    std::optional<uint64_t> default_quota_messages;
};

struct MailDomainResult {
    std::optional<MailDomain> before;
    std::optional<MailDomain> after;
    Lsn lsn = 0;  // 0 after a dry run, or where nothing changed
};

// By name; `name` "": all.
Result<std::vector<MailDomain>> mail_domain_list(Connection& connection,
                                                 std::string_view name = {});
// Refused, with the command that makes it, where it is none.
Result<MailDomain> mail_domain_get(Connection& connection, std::string_view name);

// Makes it where there is none. `change` says how it is to be.
Result<MailDomainResult> mail_domain_put(Connection& connection, std::string_view name,
                                         const MailDomainChange& change,
                                         const WriteOptions& options);
// The same of one that is there.
Result<MailDomainResult> mail_domain_set(Connection& connection, std::string_view name,
                                         const MailDomainChange& change,
                                         const WriteOptions& options);
// Its aliases go too. Refused while it has accounts, those in the bin as well.
Result<MailDomainResult> mail_domain_remove(Connection& connection, std::string_view name,
                                            const WriteOptions& options);

// For a transaction that is open: inserts the row where there is none; whether it did.
Result<bool> mail_domain_ensure(Connection& connection, std::string_view name);
// The same: brings the row to what `change` says.
Status mail_domain_update(Connection& connection, std::string_view name,
                          const MailDomainChange& change);

}  // namespace gatepost::controlplane
