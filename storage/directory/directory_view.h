// The directory arena: names of people and services and what belongs to each, for readers. Entries
// are immutable: one that changes is replaced by another with a new `serial`.
//
// Readers neither lock nor wait (storage/arena/slot_table.h); they are online QSBR readers while
// they hold what find() gave.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "storage/base/bytes.h"
#include "storage/base/error.h"

namespace gatepost::storage {

// What an entry is about, and what its key and value are.
enum class EntryKind : uint8_t {
    // Key: a host name in lower case without the last dot, "*.example.org", or "" for whoever names
    // none that is known. Value: tls_identity.h.
    tls_identity = 1,
    // Key: a host name in lower case without the last dot. Value: redirect.h.
    redirect = 2,
    // Key: HOST "/" TOKEN of http-01 (RFC 8555 §8.3). Value: the key authorization.
    acme_challenge = 3,
    // Mail: mail_entries.h.
    mail_domain = 4,   // key: a domain
    mail_account = 5,  // key: an address
    mail_alias = 6,    // key: an address, or "@" and a domain
    // Compiled rules about what is in a message; keys and values: storage/filter/filter_manifest.h.
    filter_database = 7,
    // Rules about who sends mail and how. Key: "policy". Value: storage/policy/policy_entry.h.
    mail_policy = 8,
};

struct DirectoryEntry {
    uint64_t serial = 0;  // unique within an arena: another one means another content
    Bytes value;
};

class DirectoryView {
  public:
    // `base`: of a mapped directory arena whose header has been checked (DirectoryImage).
    explicit DirectoryView(const uint8_t* base) : base_(base) {}

    std::optional<DirectoryEntry> find(EntryKind kind, std::string_view key) const;
    uint64_t size() const;  // entries
    // Another one after each publication that has changed a domain or an account of mail: as long
    // as it stays, so do all of them that had been published.
    uint64_t account_version() const;

  private:
    const uint8_t* base_;
};

}  // namespace gatepost::storage
