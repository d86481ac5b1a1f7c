// What the directory says of mail: domains, accounts with their credentials, aliases. Keys are
// normalized addresses and domains (storage/mail_address): lower case, A-labels, no last dot.
//
// Decoding gives views into the entry's octets: valid while the reader is online.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::storage {

// EntryKind::mail_domain, key "example.org".
struct MailDomain {
    uint64_t id = 0;
    bool active = true;
    std::string_view alias_of;  // every address of this domain means the same one there; "" none
    std::string_view subaddress_delimiters;  // each octet is one: "+-"
    // What mail programs are told; "": that of the domain that it is an alias of, or by rule.
    std::string_view display_name;  // for people, UTF-8; so is the next
    std::string_view short_display_name;
    std::string_view imap_host;
    std::string_view pop_host;
    std::string_view smtp_host;
};

enum AccountFlag : uint16_t {
    kAccountSuspended = 1,  // receives, but nobody logs in
    kAccountOverQuota = 2,  // 452 4.2.2 at RCPT
    kAccountNoEmail = 4,    // the role no_email: neither receives nor sends mail
};

enum class CredentialKind : uint8_t { password = 1, app_password = 2, token = 3 };

// Which services a credential is good for, a set.
enum CredentialService : uint8_t {
    kServiceSmtp = 1,
    kServiceImap = 2,
    kServicePop3 = 4,
    kServiceSieve = 8,
    kServiceWeb = 16,
    kServiceAny = 0xff,
};

struct Credential {
    uint64_t id = 0;
    CredentialKind kind = CredentialKind::password;
    uint8_t services = kServiceAny;
    int64_t expires_at_s = 0;  // seconds since 1970; 0: never
    std::string_view hash;     // "{SCHEME}…"
    // Another one says that it is another password; the same, that `hash` at most is a better one
    // of the same password.
    uint64_t generation = 0;
};

// EntryKind::mail_account, key "ada@example.org".
struct MailAccount {
    uint64_t id = 0;
    uint16_t flags = 0;
    uint64_t quota_bytes = 0;     // 0: none
    uint64_t quota_messages = 0;  // 0: none
    std::vector<Credential> credentials;
};

// EntryKind::mail_alias, key "info@example.org", or "@example.org" for a domain's catch-all.
struct MailAlias {
    std::vector<std::string_view> targets;  // normalized addresses, of this system or not
};

inline constexpr size_t kCredentialsMax = 64;     // of an account: one a device, and some
inline constexpr size_t kAliasTargetsMax = 1000;  // of an alias; a list is another thing

std::vector<uint8_t> encode(const MailDomain& domain);
std::vector<uint8_t> encode(const MailAccount& account);
std::vector<uint8_t> encode(const MailAlias& alias);
// Refuse (invalid) what is cut off or of an unknown version.
Result<MailDomain> decode_mail_domain(Bytes value);
Result<MailAccount> decode_mail_account(Bytes value);
Result<MailAlias> decode_mail_alias(Bytes value);
// The head of an account without its credentials: what RCPT needs.
struct MailAccountHead {
    uint64_t id = 0;
    uint16_t flags = 0;
};
Result<MailAccountHead> decode_mail_account_head(Bytes value);

// The targets of an alias one by one, without a vector.
class MailAliasReader {
  public:
    explicit MailAliasReader(Bytes value);
    // nullopt: that was the last, or the value is damaged.
    std::optional<std::string_view> next();
    // Once next() has given nullopt: the value was read to its end and is sound.
    bool is_whole() const { return in_.ok() && in_.at_end() && left_ == 0; }

  private:
    ByteReader in_;
    uint64_t left_ = 0;  // targets
};

}  // namespace gatepost::storage
