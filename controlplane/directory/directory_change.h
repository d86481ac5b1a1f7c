// Changes of the tables that the directory is made of: rows that were put, and keys of rows that
// were removed. They own what they hold.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controlplane/directory/mail_rows.h"
#include "controlplane/directory/policy_tables.h"
#include "controlplane/filter/filter_source.h"

namespace gatepost::controlplane {

// Of gatepost.certificates. A column that was not sent with a change is nullopt: it is as before.
struct CertificateRow {
    int64_t id = 0;
    std::string domain;
    std::string type;
    std::string key_type;
    std::optional<std::string> chain;  // PEM
    std::optional<std::vector<uint8_t>> sealed_key;
    std::optional<std::vector<uint8_t>> ocsp_response;  // empty: there is none
    std::optional<std::vector<std::string>> names;
};
struct CertificateKey {
    int64_t id = 0;
    bool operator==(const CertificateKey&) const = default;
};

// Of gatepost.service_certificates.
struct PinKey {
    std::string service;
    std::string domain;
    auto operator<=>(const PinKey&) const = default;
};
struct PinRow {
    PinKey key;
    std::string type;
};

// Of gatepost.redirects.
struct RedirectKey {
    std::string host;
    bool operator==(const RedirectKey&) const = default;
};
struct RedirectRow {
    RedirectKey key;
    std::string url;
    int64_t code = 0;
    bool keep_path = false;
};

// Of gatepost.acme_challenges.
struct ChallengeKey {
    std::string host;
    std::string token;
    bool operator==(const ChallengeKey&) const = default;
};
struct ChallengeRow {
    ChallengeKey key;
    std::string key_authorization;
};

using DirectoryChange =
    std::variant<CertificateRow, CertificateKey, PinRow, PinKey, RedirectRow, RedirectKey,
                 ChallengeRow, ChallengeKey, MailDomainRow, MailDomainKey, MailAccountRow,
                 MailAccountKey, MailCredentialRow, MailCredentialKey, MailAliasRow, MailAliasKey,
                 FilterRuleRow, FilterRuleKey, FilterSettingsRow, FilterSettingsKey, FilingRuleRow,
                 FilingRuleKey, PolicyRuleRow, PolicyRuleKey, DnsListRow, DnsListKey,
                 PolicyExemptionRow, PolicyExemptionKey>;

// Heap octets that it fills, and its own.
size_t size_bytes(const DirectoryChange& change);

}  // namespace gatepost::controlplane
