// What accounts log in with. Only hashes come here; making them is storage/password's.
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

struct CredentialInfo {
    int64_t id = 0;
    std::string kind;                   // password, app_password, token
    std::vector<std::string> services;  // {"*"}: all
    std::string label;
    std::string scheme;      // "ARGON2ID"
    std::string expires_at;  // RFC 3339, UTC, as the others; "": never
    std::string created_at;
    std::string last_used_at;  // "": never
    bool must_change = false;
};

struct CredentialResult {
    std::optional<CredentialInfo> before;
    std::optional<CredentialInfo> after;
    Lsn lsn = 0;  // 0 after a dry run
};

Result<std::vector<CredentialInfo>> credential_list(Connection& connection,
                                                    std::string_view address);

// Those of its passwords that are not expired, for checking one. Never shown.
Result<std::vector<std::string>> password_hashes(Connection& connection, std::string_view address);

// In the place of the password of exactly these services, where there is one.
Result<CredentialResult> password_set(Connection& connection, std::string_view address,
                                      std::string_view hash,
                                      const std::vector<std::string>& services,
                                      const WriteOptions& options);

struct NewAppPassword {
    std::string label;  // of the device or program; one account has each once
    std::string hash;
    std::vector<std::string> services;  // {"*"}: all
    std::string expires_at;             // a time that PostgreSQL understands; "": never
};
Result<CredentialResult> app_password_add(Connection& connection, std::string_view address,
                                          const NewAppPassword& password,
                                          const WriteOptions& options);
Result<CredentialResult> app_password_remove(Connection& connection, std::string_view address,
                                             std::string_view label, const WriteOptions& options);

}  // namespace gatepost::controlplane
