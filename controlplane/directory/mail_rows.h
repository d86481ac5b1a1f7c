// Rows of the tables that the directory's entries about mail are made of, and keys of rows that
// were removed. They own what they hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/directory/mail_entries.h"

namespace gatepost::controlplane {

// Of gatepost.mail_domains.
struct MailDomainRow {
    int64_t id = 0;
    std::string name;
    bool active = true;
    std::optional<int64_t> alias_of;  // id of another domain
    std::string subaddress_delimiters;
    // For mail programs; "": by rule.
    std::string display_name = {};
    std::string short_display_name = {};
    std::string imap_host = {};
    std::string pop_host = {};
    std::string smtp_host = {};
};
struct MailDomainKey {
    int64_t id = 0;
    bool operator==(const MailDomainKey&) const = default;
};

// Of gatepost.accounts.
struct MailAccountRow {
    int64_t id = 0;
    std::string address;          // "": in the bin
    uint16_t flags = 0;           // storage::AccountFlag
    uint64_t quota_bytes = 0;     // 0: none
    uint64_t quota_messages = 0;  // 0: none
};
struct MailAccountKey {
    int64_t id = 0;
    bool operator==(const MailAccountKey&) const = default;
};

// Of gatepost.credentials.
struct MailCredentialRow {
    int64_t id = 0;
    int64_t account_id = 0;
    std::optional<storage::CredentialKind> kind;  // nullopt: one of a later program
    uint8_t services = 0;                         // storage::CredentialService
    int64_t expires_at_s = 0;                     // seconds since 1970; 0: never
    std::string hash;
    uint64_t generation = 0;
};
struct MailCredentialKey {
    int64_t id = 0;
    bool operator==(const MailCredentialKey&) const = default;
};

// Of gatepost.aliases.
struct MailAliasRow {
    int64_t id = 0;
    std::string source;
    std::string target;
    bool active = true;
};
struct MailAliasKey {
    int64_t id = 0;
    bool operator==(const MailAliasKey&) const = default;
};

}  // namespace gatepost::controlplane
