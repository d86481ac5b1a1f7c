// Aliases: where mail for an address goes instead, or as well.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "controlplane/model/mail_route.h"
#include "controlplane/model/write.h"
#include "controlplane/pg/connection.h"
#include "controlplane/pg/lsn.h"
#include "storage/base/error.h"

namespace gatepost::controlplane {

struct MailAlias {
    std::string source;  // "info@example.org", "@example.org"
    std::string target;
    bool active = true;

    bool operator==(const MailAlias&) const = default;
};

struct MailAliasInfo {
    MailAlias alias;
    bool exterior = false;  // the target is of another system
    MailRoute route;        // of this source and target
};

struct MailAliasFilter {
    std::string domain;  // of the source; empty: all
    std::string source;  // empty: all
};
// By domain and source.
Result<std::vector<MailAliasInfo>> mail_alias_list(Connection& connection,
                                                   const MailAliasFilter& filter = {});

struct MailAliasResult {
    std::vector<MailAlias> added;
    std::vector<MailAlias> removed;
    std::vector<MailAlias> kept;        // that were there already
    std::vector<std::string> warnings;  // of what was added: targets that nobody has, circles
    Lsn lsn = 0;                        // 0 after a dry run, or where nothing changed
};

// Targets in the form that mail_address_from_text gives. Targets that nobody has and circles are
// warnings: they may come later, and a circle ends where it closes.
Result<MailAliasResult> mail_alias_add(Connection& connection, std::string_view source,
                                       const std::vector<std::string>& targets,
                                       const WriteOptions& options);
// `targets` empty: all of the source. Refused where there is none of them.
Result<MailAliasResult> mail_alias_remove(Connection& connection, std::string_view source,
                                          const std::vector<std::string>& targets,
                                          const WriteOptions& options);
// Many at once. With `replace`, aliases of the same domains that are not among them go.
Result<MailAliasResult> mail_alias_import(Connection& connection,
                                          const std::vector<MailAlias>& aliases, bool replace,
                                          const WriteOptions& options);

// For a transaction that is open. Gives what was not there before.
Result<std::vector<MailAlias>> mail_alias_insert(Connection& connection,
                                                 const std::vector<MailAlias>& aliases);

}  // namespace gatepost::controlplane
