// The words of the database's columns for what storage/directory/tls_identity.h counts.
#pragma once

#include <optional>
#include <string_view>

#include "storage/directory/tls_identity.h"

namespace gatepost::controlplane {

std::string_view key_type_name(storage::KeyType type);  // "ecdsa", "rsa", "ed25519"
std::optional<storage::KeyType> key_type_from_name(std::string_view name);
std::string_view certificate_type_name(storage::CertificateType type);  // "self-signed"
std::optional<storage::CertificateType> certificate_type_from_name(std::string_view name);

}  // namespace gatepost::controlplane
