// Where a handshake finds the certificates for the name that the client asked for. One per worker:
// looks into the directory arena, keeps what it has parsed.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string_view>

#include "storage/directory/directory_view.h"
#include "storage/directory/service.h"

namespace gatepost::dataplane {

class LoadedIdentity;  // loaded_identity.h: chains and keys in BoringSSL's own form

// An identity that handshakes have used.
struct IdentityFacts {
    std::string_view name;    // "mail.example.org", "*.example.org"; "": for whoever names none
    int64_t not_after_s = 0;  // of the first of its certificates to end
};

class IdentitySource {
  public:
    virtual ~IdentitySource() = default;

    // The identity of `name` (lower case, no last dot, may be empty), else of the wildcard above
    // it, else the one for whoever names none that is known, else this process's own self-signed
    // one. Never null. Stays until the next call.
    virtual const LoadedIdentity& find(std::string_view name, storage::Service service) = 0;

    // What is kept of the directory, the latest used first, as many as there is room for; gives
    // their number.
    virtual size_t list(std::span<IdentityFacts>) const { return 0; }
};

}  // namespace gatepost::dataplane
